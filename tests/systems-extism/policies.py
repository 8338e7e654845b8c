"""Rego policies compiled by `opa build`, evaluated by wplug, compared with `opa eval`: a stored one always, others where there
is an `opa`.
"""
import functools
import json
import os
import pathlib
import shutil
import subprocess
import tarfile

from harness import ROOT, Skipped, check, check_equal, check_matches


@functools.cache
def opa():
    return os.environ.get("WPLUG_OPA") or shutil.which("opa")


def run_opa(*arguments, stdin=""):
    if opa() is None:
        raise Skipped("there is no opa: go install github.com/open-policy-agent/opa@v1.22.0, or set WPLUG_OPA")
    done = subprocess.run([opa(), *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=300)
    check(done.returncode == 0, f"opa {arguments[0]}: {done.stderr or done.stdout}")
    return done.stdout


def compiled(bench, source, *entrypoints):
    bundle = bench.folder / f"{source.stem}.tar.gz"
    run_opa("build", "-t", "wasm", *(word for entry in entrypoints for word in ("-e", entry)), "-o", bundle, source)
    with tarfile.open(bundle) as tar:
        name = next(name for name in tar.getnames() if name.endswith("policy.wasm"))
        target = bench.folder / f"{source.stem}.wasm"
        target.write_bytes(tar.extractfile(name).read())
    return target


def unordered(value):
    """Sets come as arrays in an order of their own."""
    if isinstance(value, list):
        return sorted((unordered(element) for element in value), key=lambda element: json.dumps(element, sort_keys=True))
    return {key: unordered(element) for key, element in value.items()} if isinstance(value, dict) else value


def expected(bench, source, entry, record, data):
    files = [bench.write("data.json", json.dumps(data)), bench.write("input.json", json.dumps(record))]
    query = "data." + entry.replace("/", ".")
    answer = json.loads(run_opa("eval", "-f", "json", "-d", source, "-d", files[0], "-i", files[1], query))
    return [{"result": result["expressions"][0]["value"]} for result in answer.get("result", [])]


def compare(bench, title, text, entries, records, data=None):
    data = data or {}
    source = bench.folder / f"{title}.rego"
    source.write_text(text)
    module = compiled(bench, source, *entries)
    for entry in entries:
        # All records through one instance: nothing of one evaluation may show in the next.
        toml = bench.write("p.toml", f'[[stage]]\nname = "p"\nplugin = "{module}"\nentry = "{entry}"\n'
                                     f"config = {{ data = {toml_of(data)} }}\n")
        run = bench.wplug_run("run", toml, "--jobs", "1", stdin="".join(json.dumps(r) + "\n" for r in records).encode())
        run.check_code(0)
        for record, found in zip(records, run.records, strict=True):
            wanted = expected(bench, source, entry, record, data)
            check_equal(unordered(found), unordered(wanted), f"{title}, {entry}, {record}")


STORED = pathlib.Path(__file__).resolve().parent / "stored"


def stored_stage(bench, entry, data):
    return bench.write("p.toml", f'[[stage]]\nname = "p"\nplugin = "{STORED / "policies.wasm"}"\nentry = "{entry}"\n'
                                 f"config = {{ data = {toml_of(data)} }}\n")


def test_stored(bench):
    """OPA: the stored policy gives what `opa eval` gave"""
    cases = json.loads((STORED / "cases.json").read_text(encoding="utf-8"))
    results = json.loads((STORED / "results.json").read_text(encoding="utf-8"))
    check_equal(sorted(results), sorted(cases["inputs"]), "entries with results")
    for entry, inputs in cases["inputs"].items():
        stdin = "".join(json.dumps(record) + "\n" for record in inputs).encode()
        run = bench.wplug_run("run", stored_stage(bench, entry, cases["data"]), "--jobs", "1", stdin=stdin).check_code(0)
        for record, found, wanted in zip(inputs, run.records, results[entry], strict=True):
            check_equal(unordered(found), unordered(wanted), f"{entry}, {record}")


def test_stored_failures(bench):
    """OPA: what the stored policy cannot evaluate fails by name, and other records go on"""
    cases = json.loads((STORED / "cases.json").read_text(encoding="utf-8"))
    for entry, case in cases["failing"].items():
        stdin = f"{json.dumps(case['input'])}\n{{}}\n".encode()
        run = bench.wplug_run("run", stored_stage(bench, entry, cases["data"]), "--jobs", "1", stdin=stdin).check_code(1)
        check_matches(case["message"], run.records[0]["error"]["message"], entry)
        check_equal(run.records[1], [{"result": 1}] if entry == "stored/asks" else [], f"{entry}, the second record")


def test_stored_is_current(bench):
    """OPA: the stored results are those of this opa"""
    if opa() is None:
        raise Skipped("there is no opa: go install github.com/open-policy-agent/opa@v1.22.0, or set WPLUG_OPA")
    done = subprocess.run([STORED / "regenerate", "--check", opa()], timeout=300)
    check_equal(done.returncode, 0, "regenerate --check")


def toml_of(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml_of(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(toml_of, value)) + "]" if isinstance(value, list) else json.dumps(value)


def test_orders(bench):
    """OPA: the example policy, with data, sets and sprintf"""
    text = (ROOT / "examples/opa/orders.rego").read_text()
    compare(bench, "orders", text, ["orders/decision", "orders/allow", "orders/violations"],
            [{"user": "ann", "amount": 20}, {"user": "ann", "amount": 2000}, {"user": "bob", "amount": 1}, {"amount": 3}, {}],
            {"limits": {"ann": 100}})


def test_roles(bench):
    """OPA: roles looked up through data"""
    compare(bench, "roles", """package rbac
allow if { some role in data.users[input.user]; some grant in data.roles[role]; grant.action == input.action }
granted contains grant.action if { some role in data.users[input.user]; some grant in data.roles[role] }
""", ["rbac/allow", "rbac/granted"], [{"user": "a", "action": "read"}, {"user": "b", "action": "write"}, {"user": "c"}],
            {"users": {"a": ["r"], "b": ["r", "w"]}, "roles": {"r": [{"action": "read"}], "w": [{"action": "write"}]}})


def test_strings(bench):
    """OPA: builtins of strings and patterns that the policy brings itself"""
    compare(bench, "strings", """package s
out := {"up": upper(input.t), "parts": split(input.t, ","), "in": contains(input.t, "b"), "re": regex.match("^[a-c,]+$", input.t),
  "glob": glob.match("*.example.com", ["."], input.host), "sub": substring(input.t, 1, 2), "b64": base64.encode(input.t)}
""", ["s/out"], [{"t": "a,b,c", "host": "www.example.com"}, {"t": "xyz", "host": "example.com"}, {"t": "", "host": ""}])


def test_sprintf(bench):
    """OPA: sprintf, which policies leave to the host"""
    compare(bench, "formats", """package f
out := [sprintf("%s", [input.s]), sprintf("%d|%5d|%-5d|%05d", [input.i, input.i, input.i, input.i]), sprintf("%v %v", [input.x, input.o]),
  sprintf("%.3f %8.2f", [input.x, input.x]), sprintf("%x %X", [input.i, input.i]), sprintf("%q", [input.s]), sprintf("%d", [input.s]),
  sprintf("%s %s", [input.s]), sprintf("x", [1]), sprintf("%v%%", [input.b])]
""", ["f/out"], [{"s": "it's \"a\"", "i": 42, "x": 1.5, "o": {"b": [1, None], "a": "c"}, "b": True},
                 {"s": "", "i": -7, "x": 1e-7, "o": [], "b": False}, {"s": "é", "i": 0, "x": 123456.789, "o": "s", "b": True}])


def test_numbers(bench):
    """OPA: arithmetic and aggregates"""
    compare(bench, "numbers", """package n
out := {"sum": sum(input.n), "max": max(input.n), "count": count(input.n), "sorted": sort(input.n), "mod": input.n[0] % 3,
  "half": input.n[0] / 2, "round": round(input.f), "range": numbers.range(1, 4), "abs": abs(input.f)}
""", ["n/out"], [{"n": [3, 1, 2], "f": -2.5}, {"n": [10], "f": 0.4}])


def test_comprehensions(bench):
    """OPA: comprehensions, objects and every"""
    compare(bench, "comprehensions", """package c
by_owner := {owner: ids | some item in input.items; owner := item.owner; ids := [i.id | some i in input.items; i.owner == owner]}
all_small if every item in input.items { item.size < 10 }
union := object.union({"a": 1}, {"b": input.items})
""", ["c/by_owner", "c/all_small", "c/union"],
            [{"items": [{"id": 1, "owner": "x", "size": 3}, {"id": 2, "owner": "y", "size": 30}]}, {"items": []}])


def test_functions(bench):
    """OPA: functions, else, default, undefined"""
    compare(bench, "functions", """package u
grade(n) := "high" if n > 10 else := "low" if n >= 0
default level := "none"
level := grade(input.n)
maybe := input.missing.value
""", ["u/level", "u/maybe"], [{"n": 11}, {"n": 3}, {"n": -1}, {"missing": {"value": [1]}}])


def test_walk(bench):
    """OPA: walk and json paths"""
    compare(bench, "walks", """package w
secrets contains path if { walk(input, [path, value]); value == "secret" }
slim := json.remove(input, ["a/b"])
kept := json.filter(input, ["a/b", "c"])
""", ["w/secrets", "w/slim", "w/kept"], [{"a": {"b": "secret", "d": 1}, "c": ["secret", 2]}, {}])


def test_network(bench):
    """OPA: addresses and other encodings"""
    compare(bench, "network", """package net_
out := {"in": net.cidr_contains("10.0.0.0/8", input.ip), "json": json.unmarshal(input.j), "hex": hex.encode(input.j),
  "any": strings.any_prefix_match(input.ip, ["10.", "192."]), "n": strings.count(input.ip, ".")}
""", ["net_/out"], [{"ip": "10.1.2.3", "j": "{\"a\":[1]}"}, {"ip": "11.0.0.1", "j": "null"}])


def test_large(bench):
    """OPA: an input of a megabyte, again and again"""
    records = [{"items": [{"id": i, "text": "x" * 50} for i in range(count)]} for count in (15_000, 1, 15_000)]
    compare(bench, "large", "package l\nn := count(input.items)\n", ["l/n"], records)


def test_missing_builtin(bench):
    """OPA: a builtin that is not there is named, and other records go on"""
    source = bench.folder / "missing.rego"
    source.write_text('package m\nout := http.send({"url": input.url, "method": "GET"}) if input.url\nout := 1 if not input.url\n')
    toml = bench.write("p.toml", f'[[stage]]\nname = "p"\nplugin = "{compiled(bench, source, "m/out")}"\n')
    run = bench.wplug_run("run", toml, "--jobs", "1", stdin=b'{"url":"http://127.0.0.1/"}\n{}\n').check_code(1)
    check_matches("http.send, which this host does not have", run.lines[0], "the first record")
    check_equal(run.records[1], [{"result": 1}], "the second")


def test_conflict(bench):
    """OPA: a rule with two values is the policy's failure"""
    source = bench.folder / "conflict.rego"
    source.write_text("package k\nout := 1 if input.a\nout := 2 if input.b\n")
    run = bench.wplug_run("call", compiled(bench, source, "k/out"), "k/out", "--input", '{"a":true,"b":true}').check_code(1)
    check_matches("complete rules must not produce multiple outputs|conflict", run.stderr, "stderr")
