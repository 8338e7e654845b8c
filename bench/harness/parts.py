"""The parts besides the programs: phases, cold start, pipeline. Each gives {row: {median, min, max, unit}}."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from harness import building, measure, programs, serve

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# (module (func (export "_start")))
EMPTY_COMMAND = bytes.fromhex("0061736d01000000" "010401600000" "03020100" "070a01065f7374617274" "0000" "0a040102000b")
START_REPEATS = 200
RECORDS = 20_000


def build_folder(wplug):
    """The build folder a program of tools/wplug lies in."""
    for parent in pathlib.Path(wplug).parents:
        if (parent / "build.ninja").is_file():
            return parent
    return None


def go_module(folder):
    """A large real module: a Go program built for wasip1, or None without Go."""
    go = shutil.which("go")
    if not go:
        return None
    source = folder / "big.go"
    source.write_text('package main\n\nimport (\n\t"encoding/json"\n\t"fmt"\n\t"net/http"\n)\n\n'
                      'func main() {\n\tb, _ := json.Marshal(http.StatusText(200))\n\tfmt.Println(string(b))\n}\n')
    environment = os.environ | {"GOOS": "wasip1", "GOARCH": "wasm", "GOTOOLCHAIN": "local", "GO111MODULE": "off"}
    output = folder / "go-http.wasm"
    done = subprocess.run([go, "build", "-o", str(output), str(source)], env=environment, capture_output=True, text=True)
    return output if done.returncode == 0 else None


def phases(wplug, _engines, runs, note):
    folder = build_folder(wplug)
    program = folder / "bench" / "bench-phases" if folder else None
    if not program or not program.is_file():
        note("skipped: phases: bench-phases is not beside the program (configure with -Dbench=true)")
        return None
    with tempfile.TemporaryDirectory() as scratch:
        modules = []
        if building.find_clang():
            modules.append(building.build(programs.BY_NAME["mix"]).wasm)
        big = go_module(pathlib.Path(scratch))
        modules += [big] if big else []
        done = subprocess.run([program, "--runs", str(runs), *modules], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench/run: bench-phases failed: {done.stderr}")
    return json.loads(done.stdout)


GO_HELLO = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n'
QUICKJS_EXPRESSION = programs.Program("quickjs_expression", "large programs", True, 1, "large/quickjs.c", "quickjs", ("-DEXPRESSION",))


def go_hello(folder):
    go = shutil.which("go")
    if not go:
        return None
    (folder / "hello.go").write_text(GO_HELLO)
    environment = os.environ | {"GOOS": "wasip1", "GOARCH": "wasm", "GOTOOLCHAIN": "local", "GO111MODULE": "off"}
    done = subprocess.run([go, "build", "-o", folder / "go-hello.wasm", folder / "hello.go"], env=environment, capture_output=True)
    return folder / "go-hello.wasm" if done.returncode == 0 else None


def start_modules(scratch, note):
    """(what it is, module, how often it is started)"""
    empty = scratch / "empty.wasm"
    empty.write_bytes(EMPTY_COMMAND)
    modules = [("empty WASI program", empty, START_REPEATS)]
    hello = go_hello(scratch)
    if hello:
        modules.append((f"Go hello of {hello.stat().st_size / 1e6:.1f} MB", hello, START_REPEATS // 10))
    else:
        note("skipped: start of a Go program: go is missing (https://go.dev/dl)")
    try:
        modules.append(("QuickJS evaluating 1+1", building.build(QUICKJS_EXPRESSION, fetch=True).wasm, START_REPEATS // 10))
    except building.Missing as reason:
        note(f"skipped: start of QuickJS: {reason}")
    return modules


def start(_wplug, chosen, _runs, note):
    """A whole process from start to end: CPU time, wall time, peak memory; engines take turns."""
    results = {}
    with tempfile.TemporaryDirectory() as scratch:
        for what, module, repeats in start_modules(pathlib.Path(scratch), note):
            commands = {f"{engine.name}: {what}": [*engine.command, str(module)] for engine in chosen if not engine.times}
            commands["/bin/true (the floor)"] = ["/bin/true"]

            def job(command):
                return lambda: measure.start_once(command)
            measured = measure.interleaved({name: job(command) for name, command in commands.items()}, repeats,
                                           lambda name, failure: note(f"  {name}: {failure}"))
            for name, parts in measured.items():
                for part, words in (("cpu", "CPU time"), ("wall", "wall time")):
                    results[f"{name}, {words}"] = {**parts[part], "runs": repeats}
                peak = measure.peak_memory(commands[name])
                if peak:
                    results[f"{name}, peak memory"] = {**measure.spread([peak]), "runs": 1, "unit": "MiB"}
    return results


def pipeline_files():
    """(name, pipeline file) of the examples that can run: their plugins are built."""
    return [(name, ROOT / "examples" / file) for name, file in (("C++", "pipeline.toml"), ("Go", "pipeline-go.toml"))
            if (ROOT / "examples" / file).is_file()]


def records_per_second(wplug, file, jobs, records):
    command = [wplug, "run", str(file), "--jobs", str(jobs), "--input", str(records), "--output", "/dev/null",
               "--stats=json"]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = done.stderr.strip().splitlines()
    # 1: some records failed validation, as they should.
    if done.returncode not in (0, 1) or not lines or not lines[-1].startswith("{"):
        raise measure.RunFailed(f"exit code {done.returncode}: {lines[-1] if lines else 'no message'}")
    return json.loads(lines[-1])["records_per_s"]


def pipeline(wplug, _engines, runs, note):
    generator = ROOT / "examples" / "generate"
    if not generator.is_file():
        note("skipped: pipeline: examples/generate is missing")
        return None
    with tempfile.TemporaryDirectory() as scratch:
        records = pathlib.Path(scratch) / "records.ndjson"
        with records.open("w") as output:
            subprocess.run([str(generator), str(RECORDS)], stdout=output, check=True)
        size = records.stat().st_size / RECORDS
        jobs = {}
        for name, file in pipeline_files():
            for threads in (1, 2):
                label = f"{name}, {threads} thread{'s' if threads > 1 else ''}, records of {size:.0f} bytes"
                jobs[label] = lambda file=file, threads=threads: records_per_second(wplug, file, threads, records)
        results = measure.interleaved(jobs, runs, lambda name, failure: note(f"  {name}: {failure}"))
    return {name: {**cell, "unit": "records/s"} for name, cell in results.items()}


PARTS = {"phases": phases, "start": start, "pipeline": pipeline, "serve": serve.serve}


def run_parts(wanted, wplug, chosen, runs, note):
    for name, part in PARTS.items():
        if name in wanted:
            measured = part(wplug, chosen, runs, note)
            if measured:
                for row, cell in measured.items():
                    note(f"{row}: {cell['median']:.4g} {cell['unit']}")
                yield name, measured
