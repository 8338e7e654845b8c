"""The example pipelines do what they should, and the same in C++ and in Go."""
import functools
import subprocess

import model
from harness import ROOT, Stage, check, check_equal, check_matches, error_of

RECORDS = 10_000


@functools.cache
def generated():
    generate = ROOT / "examples" / "generate"
    return subprocess.run([generate, str(RECORDS), "--seed", "7"], capture_output=True, check=True).stdout


def example(bench, file):
    """An example pipeline with the plugins of this build."""
    text = (ROOT / "examples" / file).read_text()
    for plugin in ("validator", "enricher", "transformer"):
        bench.plugin(plugin + file.removeprefix("pipeline").removesuffix(".toml"))
    # A busy machine may hold a call up for longer than the example allows.
    return bench.write(file, text.replace('"plugins/', f'"{bench.plugins}/').replace('"250ms"', '"20s"'))


@functools.cache
def output(bench, file, jobs):
    run = bench.wplug_run("run", example(bench, file), "--jobs", jobs, stdin=generated())
    return run.check_code(1).stdout


def test_model(bench):
    """10,000 records through the C++ pipeline come out as an independent model says"""
    lines = output(bench, "pipeline.toml", 1).decode().split("\n")[:-1]
    check_equal(len(lines), RECORDS, "lines")
    refused = 0
    for before, after in zip(generated().decode().splitlines(), lines):
        wanted, found = model.expected(model.parse(before)), model.parse(after)
        if wanted is None:
            refused += 1
            check_equal(error_of(found)[0], "plugin", before)
            check_equal(found["error"]["stage"], "validator", before)
        else:
            check_equal(found, wanted, before)
    check(300 < refused < 1000, f"{refused} records were refused, about 600 should be")


def test_go(bench):
    """10,000 records through the Go pipeline come out byte for byte as from the C++ pipeline"""
    check(output(bench, "pipeline-go.toml", 1) == output(bench, "pipeline.toml", 1), "the outputs differ")


def test_jobs(bench):
    """three threads give the same output as one"""
    check(output(bench, "pipeline.toml", 3) == output(bench, "pipeline.toml", 1), "the outputs differ")


def test_jobs_go(bench):
    """two threads of Go plugins give the same output as one thread of C++ plugins"""
    check(output(bench, "pipeline-go.toml", 2) == output(bench, "pipeline.toml", 1), "the outputs differ")


def test_example(bench):
    """examples/requests.ndjson is what examples/generate writes, and refusals name every rule that is broken"""
    requests = (ROOT / "examples" / "requests.ndjson").read_bytes()
    made = subprocess.run([ROOT / "examples" / "generate", "400"], capture_output=True, check=True).stdout
    check(made == requests, "examples/requests.ndjson is not `examples/generate 400`")
    run = bench.wplug_run("run", example(bench, "pipeline.toml"), stdin=requests).check_code(1)
    messages = {error_of(record)[1] for record in run.records if "error" in record}
    for wanted in ('field "user_id" is missing', 'field "amount": want number, found string',
                   'field "request_id" is missing; field "tags": want array, found string'):
        check(wanted in messages, f"no refusal says {wanted!r}, but {sorted(messages)[:10]}")


def test_hello(bench):
    """the smallest plugins greet in both languages, with and without configuration"""
    for plugin in ("hello", "hello-go"):
        records = [{"name": "Zoë \"Z\" 🚀"}, {"id": 1}]
        stage = Stage(bench.plugin(plugin), limits={"memory": "10MiB", "timeout": "20s"})
        check_equal([record["greeting"] for record in bench.pipeline([stage], records).check_code(0).records],
                    ["hello Zoë \"Z\" 🚀", "hello stranger"], plugin)
        stage.config = {"greeting": "good day"}
        run = bench.pipeline([stage], records).check_code(0)
        check_matches("good day stranger", run.lines[1], plugin)
