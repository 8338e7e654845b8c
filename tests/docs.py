#!/usr/bin/env python3
"""What the documents show is there and works.

    docs.py WPLUG

In README.md, ARCHITECTURE.md, CONTRIBUTING.md and docs/*.md:
- a link to a file of the project leads to a file;
- in a block marked ```sh, a program given by a path exists, and a `wplug` command and its options are known to `wplug`;
- a block marked ```sh run is run, in an empty folder with `wplug` on the PATH and the project's folders linked in; it has
  to end with exit code 0;
- a block marked ```cpp FILE stands in that file, which is built as part of the project;
- names of files and folders in `code marks` with a known extension or a trailing slash exist.
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(\w*)[ ]?([\w./-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)#:]+)(?:#[^)]*)?\)")
FILE_NAME = re.compile(r"`([a-z][\w.-]*/[\w./-]*(?:\.(?:h|cc|def|py|toml|md|c|json|txt|wast)|/))`")


def documents():
    names = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
    return [ROOT / name for name in names if (ROOT / name).is_file()] + sorted((ROOT / "docs").glob("*.md"))


class Wplug:
    """The program's own word on its commands and options."""

    def __init__(self, program):
        self.program = program
        self.helps = {}

    def help(self, *command):
        if command not in self.helps:
            done = subprocess.run([self.program, *command, "--help"], capture_output=True, text=True, timeout=60)
            self.helps[command] = done.stdout if done.returncode == 0 else None
        return self.helps[command]

    def complaint(self, words):
        """What is wrong with a command line that starts with `wplug`, or None."""
        if len(words) < 2 or words[1].startswith("-"):
            command, options = (), words[1:]
        else:
            command, options = (words[1],), words[2:]
            if words[1] == "plugin" and options and not options[0].startswith("-"):
                command, options = ("plugin", options[0]), options[1:]
        text = self.help(*command)
        if text is None:
            return f"wplug has no command {words[1]}"
        for option in options:
            if option == "--":
                break
            name = option.split("=")[0]
            if name.startswith("--") and name not in text:
                return f"{' '.join(words[:2])} has no option {name}"
        return None


def command_complaint(wplug, line):
    line = re.sub(r"^\$ ", "", line.strip())
    if not line or line.startswith("#"):
        return None
    if "<<" in line or "\n" in line:
        return None  # a file or a text of several lines
    for part in re.split(r"\s(?:\||&&|;)\s", line):
        words = [w for w in shlex.split(part, comments=True) if not re.match(r"^[A-Z_]+=", w)]
        if not words:
            continue
        if words[0] == "wplug":
            complaint = wplug.complaint(words)
            if complaint:
                return complaint
        elif "/" in words[0] and not words[0].startswith(("build", "/", "~")) and not (ROOT / words[0]).is_file():
            return f"there is no {words[0]}"
    return None


def command_lines(body):
    """The commands of a block: a quoted text and a continued line go on to the next line."""
    pending = ""
    for line in body.replace("\\\n", " ").splitlines():
        pending = f"{pending}\n{line}" if pending else line
        try:
            shlex.split(pending, comments=True)
        except ValueError:
            continue
        yield pending
        pending = ""
    if pending:
        yield pending


def run_complaint(wplug, text):
    with tempfile.TemporaryDirectory() as scratch:
        bin_dir = pathlib.Path(scratch) / ".bin"
        bin_dir.mkdir()
        (bin_dir / "wplug").symlink_to(wplug.program)
        for name in ("examples", "plugins", "build", "tests"):
            if (ROOT / name).exists():
                (pathlib.Path(scratch) / name).symlink_to(ROOT / name)
        environment = os.environ | {"PATH": f"{bin_dir}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=scratch, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    return None if done.returncode == 0 else f"exit code {done.returncode}: {done.stderr.strip()[-500:]}"


def check_document(wplug, path):
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT)
    found = []
    for match in LINK.finditer(text):
        if not (path.parent / match[1]).exists():
            found.append(f"{name}: a link leads nowhere: {match[1]}")
    for match in FENCE.finditer(text):
        if match[1] == "cpp" and match[2] and match[3] not in (ROOT / match[2]).read_text(encoding="utf-8"):
            found.append(f"{name}: a block is not in {match[2]} as it says")
        if match[1] != "sh":
            continue
        complaints = [command_complaint(wplug, line) for line in command_lines(match[3])]
        if match[2] == "run" and not any(complaints):
            complaints.append(run_complaint(wplug, match[3]))
        line = text.count("\n", 0, match.start()) + 1
        found += [f"{name}:{line}: {complaint}" for complaint in complaints if complaint]
    for match in FILE_NAME.finditer(FENCE.sub("", text)):
        if not any((base / match[1]).exists() for base in (ROOT, ROOT / "include", ROOT / "interp")):
            found.append(f"{name}: there is no {match[1]}")
    return found


def main():
    wplug = Wplug(str(pathlib.Path(sys.argv[1]).resolve()))
    if wplug.complaint(["wplug", "no-such-command"]) is None:
        print("wplug accepts any command: this test would not fail")
        return 1
    failed = 0
    for path in documents():
        complaints = check_document(wplug, path)
        failed += bool(complaints)
        for complaint in complaints:
            print(complaint)
    print(f"tests: {len(documents()) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
