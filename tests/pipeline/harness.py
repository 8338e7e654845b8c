"""What the pipeline tests share: running wplug over records with given stages, and checks that say what they saw."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TIMEOUT_SECONDS = 300


class Failed(Exception):
    """A check of a test that did not hold."""


class Skipped(Exception):
    """A test that cannot run here, and why."""


def check(condition, message):
    if not condition:
        raise Failed(message)


def check_equal(found, wanted, what):
    check(found == wanted, f"{what}: found {found!r:.500}, wanted {wanted!r:.500}")


def check_matches(pattern, text, what):
    check(re.search(pattern, text, re.DOTALL), f"{what}: found {text[:500]!r}, wanted {pattern!r}")


class Run:
    """One finished run of wplug."""

    def __init__(self, process, command):
        self.command = command
        self.code = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr.decode("utf-8", "replace")

    @property
    def lines(self):
        text = self.stdout.decode("utf-8")
        check(text == "" or text.endswith("\n"), f"the output does not end with a line end: {text[-100:]!r}")
        return text.split("\n")[:-1]

    @property
    def records(self):
        return [json.loads(line) for line in self.lines]

    def check_code(self, wanted):
        check(self.code == wanted, f"exit code {self.code}, wanted {wanted}; stderr: {self.stderr[-1000:]!r}")
        return self

    def check_one_line_error(self, wanted_code, pattern):
        self.check_code(wanted_code)
        check_matches(pattern, self.stderr, "stderr")
        lines = self.stderr.strip("\n").split("\n")
        check(len(lines) == 1, f"stderr has {len(lines)} lines: {self.stderr[:500]!r}")
        return self


def error_of(record):
    """(kind, message) of an error line."""
    check(isinstance(record, dict) and set(record) == {"error"}, f"not an error line: {str(record)[:300]}")
    error = record["error"]
    check(set(error) == {"stage", "kind", "message", "backtrace"}, f"an error line with {sorted(error)}")
    # The message is the plugin's own text, as a JSON string: it may hold line ends, the error's line may not.
    check(isinstance(error["message"], str) and error["message"], f"no message: {error['message']!r:.300}")
    return error["kind"], error["message"]


def toml_value(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


class Stage:
    def __init__(self, plugin, name="stage", entry=None, config=None, limits=None, grants=None):
        self.plugin, self.name, self.entry = plugin, name, entry
        self.config, self.limits, self.grants = config or {}, limits or {}, grants or {}

    def toml(self):
        lines = ["[[stage]]", f"name = {json.dumps(self.name)}", f"plugin = {json.dumps(str(self.plugin))}"]
        if self.entry:
            lines.append(f"entry = {json.dumps(self.entry)}")
        for key, table in (("config", self.config), ("limits", self.limits), ("grants", self.grants)):
            if table:
                lines.append(f"{key} = {toml_value(table)}")
        return "\n".join(lines) + "\n"


class Bench:
    """The program and the plugins under test, and a folder for what tests write."""

    def __init__(self, wplug, plugins, folder):
        self.wplug, self.plugins, self.folder = wplug, pathlib.Path(plugins), pathlib.Path(folder)
        self.written = 0

    def plugin(self, name):
        path = self.plugins / f"{name}.wasm"
        if not path.exists():
            raise Skipped(f"{path.name} is not built: plugins/build says why")
        return path

    def write(self, name, content):
        self.written += 1
        path = self.folder / f"{self.written}-{name}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def wplug_run(self, *arguments, stdin=b""):
        command = [self.wplug, *map(str, arguments)]
        try:
            process = subprocess.run(command, input=stdin, capture_output=True, timeout=TIMEOUT_SECONDS, cwd=self.folder)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{' '.join(command)}: did not end in {TIMEOUT_SECONDS} s") from error
        run = Run(process, command)
        check(process.returncode >= 0, f"the host died of signal {-process.returncode}; stderr: {run.stderr[-1000:]}")
        return run

    def pipeline(self, stages, records, *options):
        """Runs records (texts, or objects that become JSON) through stages."""
        toml = self.write("pipeline.toml", 'name = "test"\n\n' + "\n".join(stage.toml() for stage in stages))
        lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
        return self.wplug_run("run", toml, *options, stdin="".join(line + "\n" for line in lines).encode())


def title(test):
    return test.__doc__.strip().split("\n")[0]


def run_tests(modules, bench, only):
    """Runs every test_ function and prints what failed; returns the exit code."""
    passed, failed, skipped = 0, 0, 0
    for module in modules:
        for test in [value for key, value in vars(module).items() if key.startswith("test_")]:
            if only not in title(test):
                continue
            try:
                test(bench)
                passed += 1
                print(f"ok       {title(test)}", flush=True)
            except Skipped as reason:
                skipped += 1
                print(f"SKIPPED  {title(test)}: {reason}", flush=True)
            except (Failed, ValueError, LookupError, TypeError) as reason:  # an answer of another shape is a failure too
                failed += 1
                print(f"FAILED   {title(test)}\n         {reason}", flush=True)
    print(f"tests: {passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


def with_folder(function):
    with tempfile.TemporaryDirectory(prefix="wplug-pipeline-") as folder:
        sys.exit(function(folder))
