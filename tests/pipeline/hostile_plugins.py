"""Plugins that misbehave on request: each bad deed is one clear error line, and the records around it are not touched."""
from harness import Stage, check, check_equal, check_matches, error_of

SHORT = {"timeout": "300ms"}
LONG = {"timeout": "20s"}

# op: (kind, pattern of the message)
HOSTILE = {
    "abort": ("trap", "unreachable"),
    "divide": ("trap", "integer divide by zero"),
    "read_far": ("trap", "out of bounds memory access"),
    "call_wrong_type": ("trap", "indirect call type mismatch|unreachable"),
    "loop": ("timeout", "300ms"),
    "hog": ("memory", "1MiB"),
    "recurse": ("trap", "call stack exhausted|out of bounds memory access"),
    "recurse_locals": ("trap", "call stack exhausted"),
    "http_denied": ("plugin", "not-allowed.example.*(domain not allowed|no http calls left)"),
    "log_flood": ("policy", "10[_,]?000|host calls"),
    "config_flood": ("timeout", "300ms"),
    "exit_quietly": ("exit", "code 0"),
    "exit_loudly": ("exit", "code 41"),
    "sleep_long": ("timeout", "300ms"),
    "fail": ("plugin", 'refused "politely"'),
}

HOSTILE_GO = {
    "panic": ("(exit|trap)", "panic: out of patience"),
    "index": ("(exit|trap)", "index out of range"),
    "nil_map": ("(exit|trap)", "assignment to entry in nil map"),
    "nil_pointer": ("(exit|trap)", "nil pointer dereference|invalid memory address"),
    "panic_elsewhere": ("(exit|trap)", "in a goroutine"),
    "deadlock": ("trap", "all goroutines are asleep"),
    "loop": ("timeout", "300ms"),
    "hog": ("memory", "10MiB"),
    "recurse": ("trap", "call stack exhausted"),
    "sleep_long": ("timeout", "300ms"),
    "exit": ("exit", "code 41"),
    "http_denied": ("plugin", "domain not allowed|did not deny"),
    "log_flood": ("policy", "10[_,]?000|host calls"),
    "fail": ("plugin", 'refused "politely"'),
}

LIES = {
    "far_output": ("invalid_pointer", "invalid pointer from plugin"),
    "wrapping_output": ("invalid_pointer", "invalid pointer from plugin"),
    "straddling_output": ("invalid_pointer", "invalid pointer from plugin"),
    "endless_output": ("invalid_pointer", "invalid pointer from plugin"),
    "negative_output": ("invalid_pointer", "invalid pointer from plugin"),
    "null_output": ("plugin", "."),
    "empty_output": ("output", "."),
    "not_json": ("output", "JSON"),
    "two_values": ("output", "JSON"),
    "bad_utf8": ("output", "."),
    "cut_json": ("output", "JSON"),
    "far_log": ("(trap|invalid_pointer|host)", "log|pointer|bounds"),
    "wrapping_log": ("(trap|invalid_pointer|host)", "log|pointer|bounds"),
    "endless_log": ("(trap|invalid_pointer|host)", "log|pointer|bounds"),
    "far_error": ("(trap|invalid_pointer|host)", "set_error|pointer|bounds"),
    "far_key": ("(trap|invalid_pointer|host)", "get_config|pointer|bounds"),
    "far_value": ("(trap|invalid_pointer|host)", "get_config|pointer|bounds"),
    "far_url": ("(trap|invalid_pointer|host)", "http_get|pointer|bounds"),
    "wrapping_header": ("(trap|invalid_pointer|host)", "set_header|pointer|bounds"),
    "bad_utf8_error": ("plugin", "."),
}


def check_deeds(bench, plugin, deeds, memory, *options):
    """Each deed between two records that pass: in one run those that only the clock ends, in another the rest, with time
    enough on a busy machine."""
    timed = {op: wanted for op, wanted in deeds.items() if wanted[0] == "timeout"}
    check_run(bench, plugin, timed, {**SHORT, "memory": memory}, *options)
    check_run(bench, plugin, {op: wanted for op, wanted in deeds.items() if op not in timed}, {**LONG, "memory": memory}, *options)


def check_run(bench, plugin, deeds, limits, *options):
    """One run of some deeds."""
    if not deeds:
        return
    records = [{"op": "fine", "n": 0}]
    for number, op in enumerate(deeds, 1):
        records += [{"op": op}, {"op": "fine", "n": number}]
    stage = Stage(bench.plugin(plugin), "bad", limits=limits)
    answers = bench.pipeline([stage], records, *options).check_code(1).records
    check_equal(len(answers), len(records), "lines")
    for record, answer in zip(records, answers):
        if record["op"] == "fine":
            check_equal(answer, record, "a record that should pass")
            continue
        kind, message = error_of(answer)
        wanted_kind, pattern = deeds[record["op"]]
        check_matches(f"^{wanted_kind}$", kind, f"kind of {record['op']} ({message})")
        check_matches(pattern, message, f"message of {record['op']}")
        check_equal(answer["error"]["stage"], "bad", "stage")
        check(kind != "trap" or answer["error"]["backtrace"], f"{record['op']} has no backtrace")


def test_hostile(bench):
    """every bad deed of a C++ plugin is an error line of its kind, and the other records pass"""
    check_deeds(bench, "hostile", HOSTILE, "1MiB", "--jobs", "1")


def test_hostile_jobs(bench):
    """the same bad deeds on three threads"""
    check_deeds(bench, "hostile", HOSTILE, "1MiB", "--jobs", "3")


def test_hostile_go(bench):
    """every bad deed of a Go plugin is an error line of its kind, and the other records pass"""
    check_deeds(bench, "hostile-go", HOSTILE_GO, "10MiB", "--jobs", "1")


def test_liar(bench):
    """every lie about pointers, sizes and results is an error line of its kind, and the other records pass"""
    check_deeds(bench, "liar", LIES, "1MiB", "--jobs", "1")


def test_malloc_lies(bench):
    """a plugin that lies about where the next record may go fails that record only"""
    for op, kind in (("malloc_null", "(memory|plugin|invalid_pointer|host)"), ("malloc_far", "invalid_pointer"),
                     ("malloc_wrapping", "invalid_pointer"), ("malloc_straddling", "invalid_pointer")):
        records = [{"op": op}, {"op": "fine", "n": 1}, {"op": "fine", "n": 2}]
        stage = Stage(bench.plugin("liar"), limits=SHORT)
        first, second, third = bench.pipeline([stage], records, "--jobs", "1").check_code(1).records
        check_equal([first, third], [records[0], records[2]], op)
        found, message = error_of(second)
        check_matches(f"^{kind}$", found, f"{op} ({message})")


def test_two_lines(bench):
    """a result of two lines never becomes two lines of output"""
    run = bench.pipeline([Stage(bench.plugin("liar"))], [{"op": "two_lines"}, {"op": "fine"}], "--jobs", "1")
    check_equal(len(run.lines), 2, "lines")
    answer, fine = run.records
    check_equal(fine, {"op": "fine"}, "the next record")
    check(answer == {"a": 1} or error_of(answer)[0] == "output", f"the result: {answer}")


def test_stdout(bench):
    """what a plugin prints does not get into the output"""
    for plugin in ("hostile", "hostile-go"):
        stage = Stage(bench.plugin(plugin), "noisy", limits={"memory": "10MiB", "timeout": "20s"})
        run = bench.pipeline([stage], [{"op": "print"}] * 3).check_code(0)
        check_equal(run.records, [{"op": "print"}] * 3, plugin)
        check_matches("noisy.*forged", run.stderr, plugin)


def test_escapes(bench):
    """a plugin without grants opens no file and sees no environment"""
    stage = Stage(bench.plugin("hostile"), limits={"timeout": "20s"})
    files, variables = bench.pipeline([stage], [{"op": "open_files"}, {"op": "read_environment"}]).check_code(0).records
    check_equal([files["opened"], variables["variables"]], [0, 0], "files and variables")
    stage = Stage(bench.plugin("hostile-go"), limits={"memory": "10MiB", "timeout": "20s"})
    files, = bench.pipeline([stage], [{"op": "open_files"}]).check_code(0).records
    check_equal(files["opened"], 0, "files")


def test_memory_limit(bench):
    """memory.grow stops at the stage's limit"""
    for limit, pages in (("1MiB", 16), ("2MiB", 32)):
        stage = Stage(bench.plugin("hostile"), limits={"memory": limit, "timeout": "20s"})
        answer, = bench.pipeline([stage], [{"op": "grow"}]).check_code(0).records
        check_equal(answer["pages"], pages, limit)


def test_header_injection(bench):
    """a header with line ends is no way out"""
    stage = Stage(bench.plugin("hostile"), limits={"timeout": "20s"})
    run = bench.pipeline([stage], [{"op": "header_injection"}, {"op": "fine"}])
    check_equal(run.records[1], {"op": "fine"}, "the next record")


def test_fresh_instance(bench):
    """an instance that trapped, ran out of time or exited is replaced, one that refused is kept"""
    for plugin, deeds in (("hostile", ["abort", "loop", "hog", "exit_loudly", "recurse"]),
                          ("hostile-go", ["panic", "loop", "exit"])):
        stage = Stage(bench.plugin(plugin), limits={**SHORT, "memory": "10MiB"})
        for deed in deeds:
            ops = ["count", "count", "fail", "count", deed, "count", "count"]
            answers = bench.pipeline([stage], [{"op": op} for op in ops], "--jobs", "1").check_code(1).records
            counts = [answer.get("calls") for answer in answers]
            check_equal(counts, [1, 2, None, 3, None, 1, 2], f"{plugin} {deed}")


def test_many_failures(bench):
    """a thousand traps in a row leave the host as it was"""
    stage = Stage(bench.plugin("hostile"), limits={"timeout": "20s"})
    records = [{"op": op} for _ in range(1000) for op in ("abort", "count")]
    answers = bench.pipeline([stage], records, "--jobs", "1").check_code(1).records  # each instance sees one of a pair
    check_equal([answer["calls"] for answer in answers[1::2]], [1] * 1000, "counts")


def test_short_circuit(bench):
    """a stage that fails keeps the record from the stages behind it"""
    stages = [Stage(bench.plugin("hostile"), "first", limits={"timeout": "20s"}),
              Stage(bench.plugin("hostile"), "second", limits={"timeout": "20s"})]
    answers = bench.pipeline(stages, [{"op": "count"}, {"op": "fail"}, {"op": "count"}], "--jobs", "1").records
    check_equal([answers[0]["calls"], answers[2]["calls"]], [1, 2], "calls of the second stage")
    check_equal(answers[1]["error"]["stage"], "first", "stage")


def test_on_error(bench):
    """--on-error skip leaves failures out, stop ends at the first one"""
    stage = Stage(bench.plugin("hostile"), "bad", limits={"timeout": "20s"})
    records = [{"op": "fine", "n": 1}, {"op": "abort"}, {"op": "fine", "n": 2}]
    run = bench.pipeline([stage], records, "--on-error", "skip").check_code(1)
    check_equal(run.records, [records[0], records[2]], "skip")
    run = bench.pipeline([stage], records, "--on-error", "stop", "--jobs", "1").check_code(1)
    check_equal(run.records[:1], records[:1], "stop")
    check(records[2] not in run.records, "a record behind the failure came out")
    check_matches("bad.*unreachable", run.stderr, "stderr")


def test_fuel(bench):
    """a stage's fuel stops a loop at the same count every time"""
    stage = Stage(bench.plugin("hostile"), limits={"timeout": "60s", "fuel": 5_000_000})
    answers = bench.pipeline([stage], [{"op": "fine"}, {"op": "loop"}, {"op": "fine"}]).check_code(1).records
    kind, message = error_of(answers[1])
    check_equal([answers[0], kind, answers[2]], [{"op": "fine"}, "fuel", {"op": "fine"}], message)
    check_matches("5[_,]?000[_,]?000", message, "message")
