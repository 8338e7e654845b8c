"""One pipeline of plugins of several systems, and WASI commands as stages."""
import json

from harness import Skipped, Stage, check_equal, check_matches, error_of
import policies


def test_wasi_stage(bench):
    """a WASI command is a stage: stdin, stdout, arguments, a new instance each time"""
    run = bench.pipeline([Stage(bench.plugin("wasi-upper"))], [{"a": "b\n"}, {"c": ["d", 1]}, [1]])
    check_equal(run.lines[0], '{"A": "B\\n"}', "first")
    check_equal(run.lines[1], '{"C": ["D", 1]}', "second")
    check_equal(error_of(run.records[2]), ("plugin", "exited with code 3: the record has no letters"), "third")
    run = bench.pipeline([Stage(bench.plugin("wasi-upper"), config={"args": ["--lower"]})], [{"A": "B"}])
    check_equal(run.lines, ['{"a": "b"}'], "with an argument")


def test_wasi_many(bench):
    """thousands of runs of a command keep within memory and count instructions"""
    run = bench.pipeline([Stage(bench.plugin("wasi-upper"))], [{"a": str(i)} for i in range(3000)], "--stats=json", "--jobs", "2")
    run.check_code(0)
    stats = json.loads(run.stderr.strip().split("\n")[-1])["stages"][0]
    check_equal(stats["calls"], 3000, "calls")
    check_equal(stats["errors"], 0, "errors")
    if not 1000 * 3000 < stats["instructions"]:
        raise ValueError(f"instructions of the runs are not counted: {stats}")
    if not 65536 <= stats["peak_memory"] < 1 << 20:
        raise ValueError(f"peak memory is that of more than one run, or of none: {stats}")


def test_extism_example(bench):
    """the Extism example plugins count vowels, in C++ and in Go"""
    for name in ("extism-count-vowels", "extism-count-vowels-go"):
        run = bench.pipeline([Stage(bench.plugin(name), config={"vowels": "aeiou"})], ['"aaa"', '"bbba"'], "--jobs", "1").check_code(0)
        check_equal([(r["count"], r["total"]) for r in run.records], [(3, 3), (1, 4)], name)


def test_word_order(bench):
    """a pipeline of transform, WASI, Extism and OPA stages"""
    if policies.opa() is None:
        raise Skipped("there is no opa to compile the policy with")
    source = bench.folder / "vowels.rego"
    source.write_text("package v\nverdict := {\"few\": input.count < 10, \"count\": input.count}\n")
    policy = policies.compiled(bench, source, "v/verdict")
    stages = [Stage(bench.plugin("hello"), "transform"), Stage(bench.plugin("wasi-upper"), "wasi"),
              Stage(bench.plugin("extism-count-vowels"), "extism", config={"vowels": "AEIOU"}),
              Stage(policy, "opa", entry="v/verdict")]
    run = bench.pipeline(stages, [{"name": "ann"}, {"name": "oooooooooooo"}]).check_code(0)
    check_equal([record[0]["result"]["few"] for record in run.records], [True, False], "verdicts")
    run = bench.pipeline([stages[0], stages[1], stages[2]], [{"name": "ann"}]).check_code(0)
    check_matches("count", run.lines[0], "three stages")
