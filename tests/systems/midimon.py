"""Plugins of the midimon system: an action in, text out, a counter in a directory of their own."""
import json

from harness import check, check_equal, check_matches, error_of

LIGHTS = ("midimon-light", "midimon-light-go")


def call(bench, plugin, entry, request, *options):
    text = request if isinstance(request, str) else json.dumps(request)
    return bench.wplug_run("call", bench.plugin(plugin), entry, "--input", text, *options)


def test_describe(bench):
    """init's metadata is what describe prints"""
    for plugin in LIGHTS:
        run = bench.wplug_run("call", bench.plugin(plugin), "describe").check_code(0)
        metadata = json.loads(run.stdout)
        check_equal((metadata["name"], metadata["type"], metadata["capabilities"]), ("light", "action", ["filesystem"]), plugin)


def test_execute(bench):
    """what a plugin prints is the result of the call"""
    for plugin in LIGHTS:
        request = {"action": "on", "context": {"velocity": 127, "metadata": {"lamp": "desk"}}}
        check_equal(call(bench, plugin, "execute", request).check_code(0).stdout, b"desk: on, 100%\n", plugin)


def test_config_action(bench):
    """a record becomes the metadata of the configured action"""
    for plugin in LIGHTS:
        run = call(bench, plugin, "execute", {"lamp": "hall"}, "--config", "action=off").check_code(0)
        check_equal(run.stdout, b"hall: off\n", plugin)


def test_error_code(bench):
    """an error code is a failure, with what the plugin said on stderr"""
    for plugin in LIGHTS:
        run = call(bench, plugin, "execute", {"action": "explode"})
        run.check_code(1)
        check_matches("plugin: execute returned error code 3: there is no action explode", run.stderr, plugin)
        call(bench, plugin, "execute", "not json").check_code(1)


def test_data_directory(bench):
    """files go to the plugin's own directory, and only there"""
    for plugin in LIGHTS:
        data = bench.folder / f"data-{plugin}"
        for number in (1, 2):
            run = call(bench, plugin, "execute", {"action": "on"}, "--data-dir", data).check_code(0)
            check_equal(run.stdout, f": on, action {number}\n".encode(), plugin)
        check_equal(sorted(path.name for path in data.iterdir()), ["counter"], plugin)
        check_equal((data / "counter").read_text(), "2\n", plugin)


def test_pipeline(bench):
    """as a stage its text is a JSON string, and an error an error line"""
    for plugin in LIGHTS:
        data = bench.folder / f"stage-{plugin}"
        toml = bench.write("lights.toml", f"""
            [[stage]]
            name = "light"
            plugin = "{bench.plugin(plugin)}"
            data_directory = "{data}"
            config = {{ action = "on" }}
            """)
        records = ['{"lamp":"a"}', '{"action":"off"}', '{"action":"x"}', '[1]']
        run = bench.wplug_run("run", toml, "--jobs", "1", stdin="".join(line + "\n" for line in records).encode())
        run.check_code(1)
        check_equal(run.records[:2], ["a: on, action 1", ": off, action 2"], plugin)
        check_equal(error_of(run.records[2])[0], "plugin", plugin)
        check_equal(error_of(run.records[3]), ("plugin", "the input must be a JSON object"), plugin)


def test_inspect(bench):
    """inspect tells the ABI and why"""
    run = bench.wplug_run("inspect", bench.plugin("midimon-light"), "--json").check_code(0)
    check_equal(json.loads(run.stdout)["abi"]["name"], "midimon", "abi")
    check("init, execute and alloc" in json.loads(run.stdout)["abi"]["why"], "why")
