#!/usr/bin/env python3
"""Rules about the text of sources that no compiler checks: one table of (where, what may not be there, why)."""
import pathlib
import re
import subprocess
import sys

LIBRARY = ("interp/", "abi/")
CPP = (".h", ".cc", ".def", ".inc")
# (folders, suffixes, pattern, reason); the pattern is searched in the text without comments and strings.
RULES = [
    (LIBRARY, CPP, r"\b(throw|try|catch)\b(?!\()", "interp and abi are built without exceptions"),
    (LIBRARY, CPP, r"\b(dynamic_cast|typeid)\b", "interp and abi are built without RTTI"),
    (LIBRARY + ("host/",), CPP, r"\bthread_local\b", "no thread-locals: context is a parameter"),
    (LIBRARY + ("host/",), CPP, r"\b(abort|exit|_exit|quick_exit)\s*\(", "library code never ends the process"),
    (LIBRARY + ("host/",), CPP, r"\bstd::(cout|cerr)\b|\b(printf|puts)\s*\(", "library code never prints"),
    (("interp/", "host/", "abi/", "tools/", "include/"), CPP, r"\busing\s+namespace\s+std\b", "no using namespace std"),
]
# These look at the whole text, comments included.
TEXT_RULES = [
    ((".h", ".cc", ".def", ".py", ".build"), r"[ \t]+$", "trailing blanks"),
    ((".h", ".cc"), r"\b(TODO|FIXME|XXX)\b", "something left undone"),
    ((".h",), r"\A(?!(?:.*\n)*?#pragma once)", "a header without #pragma once"),
]
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def blank(match):
    """Keeps the lines of what is taken out."""
    return re.sub(r"[^\n]", " ", match.group(0))


def complaints_about(name, text):
    code = COMMENT_OR_STRING.sub(blank, text)
    is_test = pathlib.PurePath(name).stem.endswith("_test")
    found = []
    if not is_test:
        for folders, suffixes, pattern, reason in RULES:
            if name.startswith(folders) and name.endswith(suffixes):
                found += [(match.start(), reason) for match in re.finditer(pattern, code)]
    for suffixes, pattern, reason in TEXT_RULES:
        if name.endswith(suffixes):
            found += [(match.start(), reason) for match in re.finditer(pattern, text, re.MULTILINE)]
    return [f"{name}:{text.count(chr(10), 0, at) + 1}: {reason}" for at, reason in sorted(found)]


def source_names(root):
    listed = subprocess.run(["git", "-C", root, "ls-files"], capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        return listed.stdout.splitlines()
    files = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return [str(name) for name in files if not name.parts[0].startswith(("build", "."))]


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    if not complaints_about("interp/x.cc", "void f() {\n  throw 1;\n}\n"):
        print("the rules find nothing where there is something: this test would not fail")
        return 1
    complaints = []
    for name in source_names(root):
        path = root / name
        if path.suffix in CPP + (".py", ".build") and path.is_file():
            complaints += complaints_about(name, path.read_text(encoding="utf-8"))
    print(*complaints, sep="\n")
    print(f"{len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
