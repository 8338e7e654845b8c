"""Whatever comes in, every line has its answer in its place, and every mistake its exit code and one clear line."""
import json

from harness import ROOT, Stage, check, check_equal, check_matches, error_of

RECORD = {"request_id": "r", "user_id": "u-1", "amount": 1, "currency": "EUR"}


def stages(bench, **limits):
    limits = {"timeout": "20s", **limits}
    return [Stage(bench.plugin("validator"), "validator", "validate", {"required": ["user_id"]}, limits),
            Stage(bench.plugin("enricher"), "enricher", config={"constants": {"seen": True}}, limits=limits),
            Stage(bench.plugin("transformer"), "transformer", config={"drop": ["amount"]}, limits=limits)]


GOOD = {"request_id": "r", "user_id": "u-1", "currency": "EUR", "seen": True}


def test_malformed(bench):
    """malformed records and empty lines become input errors in their place"""
    bad = ["", "   ", "{", '{"a":1', "{]", "nonsense", '{"a":1} {"b":2}', '{"a":\x01}', '{"a":"\\x"}', "[" * 100_000,
           '{"user_id":01}', "'single'", '{"user_id":"u",}']
    records = [record for line in bad for record in (line, RECORD)]
    found = bench.pipeline(stages(bench), records).check_code(1).records
    check_equal(len(found), len(records), "lines")
    for line, answer, next_answer in zip(bad, found[::2], found[1::2]):
        check_equal(error_of(answer)[0], "input", repr(line[:40]))
        check_equal(next_answer, GOOD, f"the record after {line[:40]!r}")


def test_not_utf8(bench):
    """bytes that are not UTF-8 are an input error"""
    toml = bench.write("p.toml", "".join(stage.toml() for stage in stages(bench)))
    run = bench.wplug_run("run", toml, stdin=b'{"user_id":"\xff\xfe"}\n{"user_id":"u"}\n\x00\n').check_code(1)
    check_equal([error_of(run.records[0])[0], run.records[1]["user_id"], error_of(run.records[2])[0]],
                ["input", "u", "input"], "answers")


def test_other_values(bench):
    """JSON that is no object reaches the plugin, which refuses it"""
    for answer in bench.pipeline(stages(bench), ["1", "[1]", '"x"', "null"]).check_code(1).records:
        check_equal(error_of(answer), ("plugin", "invalid JSON at byte 0: expected an object"), "answer")


def test_large_line(bench):
    """a line of 10 MB passes where there is memory for it, and fails alone where there is not"""
    large = json.dumps({**RECORD, "text": "x" * 10_000_000})
    answers = bench.pipeline(stages(bench, memory="64MiB"), [RECORD, large, RECORD]).check_code(0).records
    check_equal([len(answers), len(answers[1]["text"]), answers[2]], [3, 10_000_000, GOOD], "answers")
    answers = bench.pipeline(stages(bench), [RECORD, large, RECORD]).check_code(1).records
    check_equal([answers[0], answers[2]], [GOOD, GOOD], "the records around it")
    kind, message = error_of(answers[1])
    check_equal(kind, "memory", message)
    check_matches("1MiB|1048576|1 MiB", message, "message")


def test_line_ends(bench):
    """the last line needs no line end, and CR LF ends a line as well"""
    toml = bench.write("p.toml", "".join(stage.toml() for stage in stages(bench)))
    line = json.dumps(RECORD).encode()
    for stdin in (line + b"\n" + line, line + b"\r\n" + line + b"\r\n"):
        check_equal(bench.wplug_run("run", toml, stdin=stdin).check_code(0).records, [GOOD, GOOD], repr(stdin[-5:]))


def test_no_input(bench):
    """no records are no output"""
    run = bench.pipeline(stages(bench), [])
    check_equal([run.code, run.stdout], [0, b""], "code and output")


def test_missing_files(bench):
    """a missing pipeline, plugin or input is named in one line"""
    bench.wplug_run("run", "gone.toml").check_one_line_error(65, "gone.toml")
    bench.pipeline([Stage("nowhere/gone.wasm", "first")], []).check_one_line_error(65, "first.*gone.wasm|gone.wasm.*first")
    toml = bench.write("p.toml", "".join(stage.toml() for stage in stages(bench)))
    bench.wplug_run("run", toml, "--input", "gone.ndjson").check_one_line_error(65, "gone.ndjson")


def test_broken_toml(bench):
    """a broken example pipeline is refused in one line with file, line and column, wherever it is broken"""
    text = (ROOT / "examples" / "pipeline.toml").read_text()
    breaks = {
        "name = ": ("name == ", r":\d+:\d+"),
        'timeout = "250ms"': ('timeout = "soon"', r":\d+:\d+.*timeout"),
        'memory = "1MiB"': ("memory = true", r":\d+:\d+.*memory"),
        "http_calls = 0": ("http_cals = 0", r":\d+:\d+.*http_cals"),
        "[limits]": ("[limitations]", r":\d+:\d+.*limitations"),
        'entry = "validate"': ("entry = 7", r":\d+:\d+.*entry"),
        "[stage.config]\nrequired": ("[stage.config\nrequired", r":\d+:\d+"),
        'plugin = "plugins/enricher.wasm"': ("", r":\d+:\d+.*plugin"),
        'name = "transformer"': ('name = "enricher"', r":\d+:\d+.*enricher"),
    }
    for wanted, (instead, pattern) in breaks.items():
        check(wanted in text, f"the example has no {wanted!r}")
        file = bench.write("broken.toml", text.replace(wanted, instead, 1))
        bench.wplug_run("run", file).check_one_line_error(65, "broken.toml" + pattern)


def test_cut_toml(bench):
    """an example pipeline cut at any byte is refused or runs, and says what is wrong in one line"""
    text = (ROOT / "examples" / "pipeline.toml").read_bytes()
    for size in range(0, len(text), 23):
        run = bench.wplug_run("run", bench.write("cut.toml", text[:size]))
        check(run.code == 65 and run.stderr.count("\n") == 1, f"{size} bytes: code {run.code}, stderr {run.stderr!r}")


def test_wrong_entry(bench):
    """an entry that the plugin does not have is named before any record is read"""
    stage = stages(bench)[0]
    stage.entry = "vaildate"
    run = bench.pipeline([stage], [RECORD])
    run.check_one_line_error(65, "validator.*vaildate")
    check_equal(run.stdout, b"", "output")


def test_bad_plugin_config(bench):
    """a configuration that a plugin cannot use fails every record with its reason"""
    for config, reason in (({"types": {"a": "strnig"}}, "config types: want a type name for each field"),
                           ({"ranges": {"a": [1]}}, "config ranges: want [low, high] for each field"),
                           ({"one_of": ["a"]}, "config one_of: want a list of strings for each field")):
        for plugin in ("validator", "validator-go"):
            stage = Stage(bench.plugin(plugin), entry="validate", config=config,
                          limits={"memory": "10MiB", "timeout": "20s"})
            answers = bench.pipeline([stage], [RECORD, RECORD]).check_code(1).records
            check_equal([error_of(answer) for answer in answers], [("plugin", reason)] * 2, plugin)
