"""The parts besides the kernels: phases, cold start, pipeline. Each gives {row: {median, min, max, unit}}."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from harness import kernels, measure, serve

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
        clang = kernels.find_clang()
        if clang:
            wanted = [kernel for kernel in kernels.KERNELS if kernel.name == "mix"]
            modules += [kernels.build(clang, kernel, pathlib.Path(scratch))[0] for kernel in wanted]
        big = go_module(pathlib.Path(scratch))
        modules += [big] if big else []
        done = subprocess.run([program, "--runs", str(runs), *modules], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench/run: bench-phases failed: {done.stderr}")
    return json.loads(done.stdout)


def start(_wplug, chosen, runs, note):
    """Milliseconds from fork to exit, of an empty WASI command; engines take turns."""
    with tempfile.TemporaryDirectory() as scratch:
        module = pathlib.Path(scratch) / "empty.wasm"
        module.write_bytes(EMPTY_COMMAND)
        programs = {engine.name: [*engine.command, str(module)] for engine in chosen}
        programs["/bin/true (the floor)"] = ["/bin/true"]

        def job(command):
            return lambda: 1e3 * measure.start_once(command)
        results = measure.interleaved({name: job(command) for name, command in programs.items()}, START_REPEATS,
                                      lambda name, failure: note(f"  {name}, empty program: {failure}"))
    return {name: {**cell, "runs": len(cell["runs"]), "unit": "ms"} for name, cell in results.items()}


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
