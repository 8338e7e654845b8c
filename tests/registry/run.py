#!/usr/bin/env python3
"""Installing, checking, updating and removing plugins, as people type it.

    run.py WPLUG [WORDS]
"""
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import tomllib

from server import Server

WPLUG = str(pathlib.Path(sys.argv[1]).resolve())
ONLY = sys.argv[2] if len(sys.argv) > 2 else ""
TIMEOUT_SECONDS = 120

# A plugin of the ABI `transform` that gives records back; `pad` makes it large, `mark` makes it another one.
PLUGIN = """(module
  (memory (export "memory") 1)
  (global $len (mut i32) (i32.const 0))
  (func (export "malloc") (param i32) (result i32) i32.const 1024)
  (func (export "free") (param i32))
  (func (export "transform") (param i32 i32) (result i32) local.get 1 global.set $len local.get 0)
  (func (export "get_output_len") (result i32) global.get $len)
  (func (export "mark") (result i32) i32.const MARK)
  (@custom "pad" "PAD"))"""


class Failed(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failed(message)


class Home:
    """A user with nothing installed."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.data, self.config = self.folder / "data", self.folder / "config"
        self.store = self.data / "wplug/plugins"
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(("WPLUG_", "XDG_"))}
        self.environment |= {"XDG_DATA_HOME": str(self.data), "XDG_CONFIG_HOME": str(self.config), "HOME": str(self.folder)}

    def run(self, *arguments, stdin=""):
        done = subprocess.run([WPLUG, *map(str, arguments)], cwd=self.folder, env=self.environment, input=stdin,
                              capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        check(done.returncode >= 0, f"{arguments}: died of signal {-done.returncode}: {done.stderr}")
        return done

    def ok(self, *arguments, **more):
        done = self.run(*arguments, **more)
        check(done.returncode == 0, f"{arguments}: exit code {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def fails(self, *arguments, code=65, says="", **more):
        done = self.run(*arguments, **more)
        check(done.returncode == code, f"{arguments}: exit code {done.returncode}, not {code}: {done.stdout}{done.stderr}")
        check(says in done.stderr, f"{arguments}: does not say {says!r}: {done.stderr}")
        return done

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def module(self, name, mark=1, pad=0):
        """A module, compiled by wplug itself."""
        text = PLUGIN.replace("MARK", str(mark)).replace("PAD", "x" * pad)
        self.write("m.wat", text)
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.ok("wat2wasm", "m.wat", "-o", path)
        return path

    def lock(self):
        path = self.store / "wplug.lock"
        return tomllib.loads(path.read_text())["plugin"] if path.exists() and "[[plugin]]" in path.read_text() else []

    def installed(self):
        return {plugin["name"]: plugin for plugin in json.loads(self.ok("plugin", "list", "--json"))["plugins"]}


def sha256(path):
    content = path if isinstance(path, bytes) else pathlib.Path(path).read_bytes()
    return hashlib.sha256(content).hexdigest()


MANIFEST = """name = "greeter"
version = "1.2.0"
abi = "transform"
entry = "transform"
[wasm]
module = "greeter.wasm"
[capabilities]
env = ["LANG"]
wants = ["http:*"]
[limits]
memory = "2MiB"
"""


def test_module_life(home):
    """a module is installed, listed, checked, run and removed"""
    module = home.module("echo.wasm")
    out = home.ok("plugin", "install", module)
    check(sha256(module) in out and "not signed" in out, out)
    check(home.installed()["echo"]["abi"] == "transform", home.installed())
    check(home.ok("plugin", "run", "echo", "--input", '{"a":1}') == '{"a":1}\n', "run")
    check("hash ok" in home.ok("plugin", "check"), "check")
    home.write("p.toml", '[[stage]]\nname = "s"\nplugin = "echo"\n')
    check(home.ok("run", "p.toml", stdin='{"b":2}\n') == '{"b":2}\n', "by name in a pipeline")
    home.write("q.toml", f'[[stage]]\nname = "s"\nplugin = "sha256:{sha256(module)}"\n')
    check(home.ok("run", "q.toml", stdin='{"b":2}\n') == '{"b":2}\n', "by hash in a pipeline")
    home.ok("plugin", "uninstall", "echo")
    check(home.installed() == {}, "removed")
    check(not list((home.store / "objects").iterdir()), "objects are left")
    home.fails("plugin", "uninstall", "echo", says="is not installed")
    home.fails("run", "p.toml", says='plugin "echo" was not found')


def test_manifest(home):
    """a folder with plugin.toml is installed and its manifest holds"""
    home.module("greeter/greeter.wasm")
    home.write("greeter/plugin.toml", MANIFEST)
    done = home.run("plugin", "install", "greeter/")
    check(done.returncode == 0, done.stderr)
    check("wants http:*: broad" in done.stderr, done.stderr)
    plugin = home.installed()["greeter"]
    check(plugin["version"] == "1.2.0", plugin)
    check(plugin["capabilities"] == ["env:LANG", "http:*"], plugin)
    check(home.ok("plugin", "run", "greeter", "--input", "{}") == "{}\n", "run")
    home.write("p.toml", '[[stage]]\nname = "s"\nplugin = "greeter"\n')
    check(home.ok("run", "p.toml", stdin="{}\n") == "{}\n", "installed")
    for reference in ("greeter/", "./greeter", "greeter/plugin.toml"):
        home.write("p.toml", f'[[stage]]\nname = "s"\nplugin = "{reference}"\n')
        check(home.ok("run", "p.toml", stdin="{}\n") == "{}\n", reference)
        check(home.ok("call", reference, "transform", "--input", "{}") == "{}\n", reference)


def test_manifest_errors(home):
    """a manifest's mistake is told with file, line and column, and nothing is installed"""
    home.module("greeter/greeter.wasm")
    for text, says in ((MANIFEST + "colour = 1\n", "plugin.toml:12:1: unknown key"),
                       (MANIFEST.replace('"2MiB"', "true"), "plugin.toml:11:10: memory"),
                       (MANIFEST + '[runtime]\ntimeout = "9s"\nhard_timeout = "1s"\n', "plugin.toml:13:11: runtime.timeout"),
                       (MANIFEST + "[requires]\nprotocol = 7\n", "requires protocol 7"),
                       (MANIFEST.replace('module = "greeter.wasm"', f'module = "greeter.wasm"\nsha256 = "{"0" * 64}"'),
                        "has the SHA-256")):
        home.write("greeter/plugin.toml", text)
        home.fails("plugin", "install", "greeter/", says=says)
    check(not home.store.exists() or not home.lock(), "something was installed")


def test_dry_run(home):
    """a dry run writes nothing"""
    module = home.module("echo.wasm")
    check("would install echo" in home.ok("plugin", "install", module, "--dry-run"), "words")
    check(not home.data.exists(), "it wrote")
    home.ok("plugin", "install", module)
    before = (home.store / "wplug.lock").read_bytes()
    home.ok("plugin", "uninstall", "echo", "--dry-run")
    home.module("echo.wasm", mark=2)
    home.ok("plugin", "update", "--dry-run")
    check((home.store / "wplug.lock").read_bytes() == before, "it wrote")


def test_changed_object(home):
    """an installed file that was changed is refused, and check and doctor say so"""
    home.ok("plugin", "install", home.module("echo.wasm"))
    home.write("p.toml", '[[stage]]\nname = "s"\nplugin = "echo"\n')
    (path,) = (home.store / "objects").glob("*.wasm")
    path.write_bytes(home.module("other.wasm", mark=7).read_bytes())
    home.fails("run", "p.toml", stdin="{}\n", says="it was changed")
    home.fails("plugin", "run", "echo", says="it was changed")
    check("HASH DIFFERS" in home.fails("plugin", "check", code=1).stdout, "check")
    report = json.loads(home.fails("doctor", "--json", code=1).stdout)
    check(not report["ok"] and not report["plugins"][0]["hash_ok"], report)
    home.ok("plugin", "install", home.module("echo.wasm"))  # mends it
    check(json.loads(home.ok("doctor", "--json"))["ok"], "mended")


def test_no_module(home):
    """what is no plugin is not installed"""
    home.fails("plugin", "install", home.write("x.wasm", b"\0asm\1\0\0\0"), says="speaks no plugin ABI")
    home.fails("plugin", "install", home.write("y.wasm", "hello"), says="magic header")
    home.fails("plugin", "install", "./gone.wasm", says="gone.wasm")
    home.fails("plugin", "install", "name-only", says="--index")
    home.fails("plugin", "install", home.module("echo.wasm"), "--name", "../x", says="cannot be a plugin's name")
    home.fails("plugin", "install", str(home.folder / "echo.wasm") + "@sha256:123", says="64 hexadecimal digits")
    home.fails("plugin", "install", f"{home.folder}/echo.wasm@sha256:{'0' * 64}", says="has the SHA-256")


def test_signatures(home):
    """signatures are verified when they are there and when they are required"""
    module = home.module("echo.wasm")
    home.ok("plugin", "keygen", "alice")
    home.ok("plugin", "keygen", "mallory")
    check((home.folder / "alice.key").stat().st_mode & 0o777 == 0o600, "the private key is not private")
    home.fails("plugin", "keygen", "alice", says="cannot be made")
    home.fails("plugin", "install", module, "--require-signature", says="not signed")
    home.ok("plugin", "sign", module, "--key", "alice.key")
    home.fails("plugin", "install", module, says="none of the 0 trusted keys")
    home.fails("call", module, "transform", "--input", "{}", says="trusted keys")
    home.fails("plugin", "install", module, "--trusted-key", "mallory.pub", says="none of the 1 trusted keys")
    check("signed by alice" in home.ok("plugin", "install", module, "--trusted-key", "alice.pub"), "signed by")
    home.fails("plugin", "check", code=1)  # alice is not trusted without the option
    home.ok("plugin", "check", "--trusted-key", "alice.pub")
    home.write("config/wplug/trusted-keys/alice.pub", (home.folder / "alice.pub").read_bytes())
    check("trusted: alice" in home.ok("plugin", "check", "--require-signature"), "trusted folder")
    check(home.ok("call", module, "transform", "--input", "{}") == "{}\n", "call")
    # The signature is of other bytes.
    home.module("echo.wasm", mark=3)
    home.fails("plugin", "install", module, says="or of other bytes")
    home.write("p.toml", '[[stage]]\nname = "s"\nplugin = "echo.wasm"\n')
    home.fails("run", "p.toml", stdin="{}\n", says="echo.wasm.sig")
    (home.folder / "echo.wasm.sig").write_text("nonsense")
    home.fails("plugin", "install", module, says="is no signature")
    # What was signed stays signed.
    (home.folder / "echo.wasm.sig").unlink()
    home.fails("plugin", "install", module, says="but the installed echo is")
    home.fails("plugin", "update", "echo", code=1, says="but the installed echo is")


def test_signature_required_by_config(home):
    """the configuration can require signatures"""
    module = home.module("echo.wasm")
    home.write("config/wplug/config.toml", "[plugins]\nrequire_signature = true\n")
    home.fails("plugin", "install", module, says="not signed")
    home.write("config/wplug/config.toml", "[plugins]\nrequire_signature = 1\n")
    home.fails("plugin", "install", module, says="config.toml:2:21: require_signature")


def test_update(home):
    """update installs what has changed at the source"""
    module = home.module("echo.wasm", mark=1)
    home.ok("plugin", "install", module)
    check("up to date" in home.ok("plugin", "update"), "unchanged")
    home.module("echo.wasm", mark=2)
    check("installed echo" in home.ok("plugin", "update", "echo"), "changed")
    check(home.lock()[0]["sha256"] == sha256(module), "hash")
    check(len(list((home.store / "objects").iterdir())) == 1, "the old module is left")
    module.unlink()
    home.fails("plugin", "update", code=1, says="echo.wasm")
    home.fails("plugin", "update", "other", says="is not installed")


def serve(server, home, name, version, mark, **entry):
    body = home.module(f"served-{version}.wasm", mark).read_bytes()
    server.files[f"/market/{name}-{version}.wasm"] = body
    return {"name": name, "version": version, "url": f"{name}-{version}.wasm", "sha256": sha256(body)} | entry


def publish(server, *plugins):
    server.files["/market/index.json"] = json.dumps({"plugins": plugins}).encode()


def test_index(home):
    """a plugin of an index is found by its name, at its newest version, and updated"""
    server = Server()
    market = server.url + "/market"
    one = serve(server, home, "tool", "1.9.0", 1)
    two = serve(server, home, "tool", "1.10.0", 2, protocol=1, description="a tool")
    publish(server, one)
    home.ok("plugin", "install", "tool", "--index", market)
    plugin = home.lock()[0]
    check((plugin["version"], plugin["index"], plugin["source"]) == ("1.9.0", market, market + "/tool-1.9.0.wasm"), plugin)
    check("up to date" in home.ok("plugin", "update"), "up to date")
    publish(server, one, two, serve(server, home, "tool", "2.0.0", 3, protocol=2))
    check("in place of tool 1.9.0" in home.ok("plugin", "update"), "update")
    check(home.lock()[0]["version"] == "1.10.0", home.lock())
    home.ok("plugin", "install", "tool@1.9.0", "--index", market)
    check(home.lock()[0]["version"] == "1.9.0", home.lock())
    home.fails("plugin", "install", "tool@2.0.0", "--index", market, says="speaks protocol 2")
    home.fails("plugin", "install", "nothing", "--index", market, says="has no plugin nothing")
    found = json.loads(home.ok("plugin", "search", "a tool", "--index", market, "--json"))["plugins"]
    check([plugin["version"] for plugin in found] == ["1.10.0"], found)
    home.write("config/wplug/config.toml", f'[plugins]\nindex = "{market}"\n')
    home.ok("plugin", "install", "tool")
    check(home.lock()[0]["version"] == "1.10.0", home.lock())
    server.close()
    home.fails("plugin", "install", "tool", says="index.json")


def test_index_on_disk(home):
    """an index may be a folder"""
    body = home.module("market/a.wasm").read_bytes()
    entry = {"name": "a", "version": "1.0.0", "url": "a.wasm", "sha256": sha256(body)}
    home.write("market/index.json", json.dumps({"plugins": [entry]}))
    home.ok("plugin", "install", "a", "--index", "market")
    home.ok("plugin", "update")
    home.write("market/index.json", json.dumps({"plugins": [entry | {"sha256": "0" * 64}]}))
    home.fails("plugin", "install", "a", "--index", home.folder / "market", says="has the SHA-256")
    home.fails("plugin", "update", code=1, says="another file for it")


def test_index_signature(home):
    """an index may carry the signature, and a wrong one is refused"""
    server = Server()
    home.ok("plugin", "keygen", "alice")
    entry = serve(server, home, "tool", "1.0.0", 1)
    module = home.folder / "served-1.0.0.wasm"
    home.ok("plugin", "sign", module, "--key", "alice.key")
    signature = pathlib.Path(f"{module}.sig").read_text().strip()
    arguments = ("plugin", "install", "tool", "--index", server.url + "/market", "--require-signature", "--trusted-key",
                 "alice.pub")
    publish(server, entry)
    home.fails(*arguments, says="not signed")
    publish(server, entry | {"signature": signature[:10] + ("A" if signature[10] != "A" else "B") + signature[11:]})
    home.fails(*arguments, says="or of other bytes")
    publish(server, entry | {"signature": signature})
    home.ok(*arguments)
    publish(server, entry)
    server.files["/market/tool-1.0.0.wasm.sig"] = signature.encode()  # or beside the module
    home.ok(*arguments)
    server.close()


def test_interrupted_download(home):
    """a download whose connection is cut goes on where it stopped, when the hash is known"""
    server = Server()
    body = home.module("big.wasm", pad=9_000_000).read_bytes()
    server.files["/big.wasm"] = body
    url = f"{server.url}/big.wasm@sha256:{sha256(body)}"

    def cut(handler, whole, first, last):
        if first == 0:
            return False
        Server.reply(handler, 206, whole[first:first + 1000], f"bytes {first}-{last}/{len(whole)}", length=last - first + 1)
        return True

    server.faults["/big.wasm"] = cut
    home.fails("plugin", "install", url, says="big.wasm")
    (part,) = (home.store / "partial").iterdir()
    check(part.name == sha256(body) + ".part" and 0 < part.stat().st_size < len(body), part)
    kept = part.stat().st_size
    check(str(part) in home.ok("doctor"), "doctor names it")
    server.faults.clear()
    server.requests.clear()
    home.ok("plugin", "install", url)
    asked = [asked for path, asked in server.requests if path == "/big.wasm"]
    check(asked[0].startswith(f"bytes={kept}-"), asked)
    check(home.lock()[0]["sha256"] == sha256(body), "hash")
    check(not part.exists(), "the piece is left")
    server.close()


def test_killed_download(home):
    """a download whose process is killed goes on where it stopped"""
    server = Server()
    body = home.module("big.wasm", pad=9_000_000).read_bytes()
    server.files["/big.wasm"] = body
    reference = f"{server.url}/big.wasm@sha256:{sha256(body)}"
    killed = []

    def kill(handler, whole, first, last):
        if first == 0:
            return False
        killed.append(first)
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True

    server.faults["/big.wasm"] = kill
    process = subprocess.Popen([WPLUG, "plugin", "install", reference], env=home.environment, cwd=home.folder,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process.wait()
    check(process.returncode == -signal.SIGKILL and killed, f"exit code {process.returncode}")
    server.faults.clear()
    server.requests.clear()
    home.ok("plugin", "install", reference)
    asked = [asked for path, asked in server.requests if path == "/big.wasm"]
    check(asked[0].startswith(f"bytes={killed[0]}-"), (asked, killed))
    server.close()


def test_bad_servers(home):
    """servers that lie, refuse, lead elsewhere or send too much install nothing"""
    server = Server()
    body = home.module("p.wasm", pad=100_000).read_bytes()
    server.files |= {f"/{name}.wasm": body for name in ("short", "long", "huge", "range", "error", "away", "fine")}

    def fault(name, answer):
        server.faults[f"/{name}.wasm"] = lambda handler, whole, first, last: answer(handler, whole, first, last) or True

    fault("short", lambda handler, whole, first, last: Server.reply(handler, 200, whole, length=len(whole) + 1000))
    fault("long", lambda handler, whole, first, last: Server.reply(handler, 200, whole, length=len(whole) - 1000))
    fault("huge", lambda handler, whole, first, last: Server.reply(handler, 206, whole, f"bytes 0-{last}/{1 << 50}"))
    fault("range", lambda handler, whole, first, last: Server.reply(handler, 206, whole, f"bytes 7-{last + 7}/{len(whole) + 7}"))
    fault("error", lambda handler, whole, first, last: Server.reply(handler, 500, b"oops"))

    def away(handler, whole, first, last):
        handler.send_response(302)
        handler.send_header("Location", server.url.replace("127.0.0.1", "localhost") + "/fine.wasm")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    fault("away", away)
    for name, says in (("short", "short.wasm"), ("long", "long.wasm"), ("huge", "bytes, more than"),
                       ("range", "sent another range"), ("error", "answered 500"), ("away", "--allow-host"),
                       ("gone", "answered 404")):
        home.fails("plugin", "install", f"{server.url}/{name}.wasm", says=says)
    home.fails("plugin", "install", f"{server.url}/fine.wasm", "--max-size", "50KiB", says="fine.wasm")
    check(not home.lock(), "something was installed")
    home.ok("plugin", "install", f"{server.url}/away.wasm", "--allow-host", "localhost")
    home.fails("plugin", "install", f"{server.url}/fine.wasm@sha256:{'0' * 64}", says="has the SHA-256")
    server.ranges = False
    home.ok("plugin", "install", f"{server.url}/fine.wasm@sha256:{sha256(body)}")
    server.close()


def test_manifest_by_url(home):
    """a plugin.toml on a server leads to the module and signature beside it"""
    server = Server()
    server.files["/g/plugin.toml"] = MANIFEST.encode()
    server.files["/g/greeter.wasm"] = home.module("g.wasm").read_bytes()
    home.ok("plugin", "install", server.url + "/g/plugin.toml")
    check(home.lock()[0]["version"] == "1.2.0", home.lock())
    server.files["/g/greeter.wasm.sig"] = b"x" * 64
    home.fails("plugin", "install", server.url + "/g/plugin.toml", says="trusted keys")
    server.close()


def test_many_at_once(home):
    """processes that install at the same time all succeed, and the lock file has them all"""
    modules = [home.module(f"p{n}.wasm", mark=n) for n in range(8)]
    running = [subprocess.Popen([WPLUG, "plugin", "install", module], env=home.environment, cwd=home.folder,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for module in modules]
    for process in running:
        _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
        check(process.returncode == 0, errors)
    check(sorted(home.installed()) == [f"p{n}" for n in range(8)], home.installed())
    check(json.loads(home.ok("plugin", "check", "--json"))["ok"], "check")


def test_doctor(home):
    """doctor tells what there is and finds broad grants, leftovers and bad pipelines"""
    report = json.loads(home.ok("doctor", "--json"))
    check(report["ok"] and report["problems"] == [], report)
    check(set(report) == {"ok", "environment", "cache", "plugins", "leftovers", "partial_downloads", "broad_grants", "problems"},
          sorted(report))
    check(set(report["cache"]) == {"hits", "misses", "hit_rate", "modules", "budget_bytes", "used_bytes"}, report["cache"])
    check(report["environment"]["services"]["openssl"] is True, report["environment"])
    home.ok("plugin", "install", home.module("a.wasm"))
    home.ok("plugin", "install", home.folder / "a.wasm", "--name", "b")
    cache = json.loads(home.ok("doctor", "--json"))["cache"]
    check((cache["hits"], cache["misses"], cache["hit_rate"], cache["modules"]) == (1, 1, 0.5, 1), cache)
    home.write("broad.toml", '[[stage]]\nname = "s"\nplugin = "a"\ngrants = { fs_read = ["/**"], env = ["LANG"] }\n')
    report = json.loads(home.fails("doctor", "--json", "broad.toml", code=1).stdout)
    check([grant["capability"] for grant in report["broad_grants"]] == ["fs:read:/**"], report)
    check("covers every file" in home.fails("doctor", "broad.toml", code=1).stdout, "text")
    home.fails("doctor", "gone.toml", code=1)
    home.write("data/wplug/plugins/objects/0.wasm.tmp", "half")
    report = json.loads(home.fails("doctor", "--json", code=1).stdout)
    check(len(report["leftovers"]) == 1, report)
    home.ok("plugin", "install", home.folder / "a.wasm")
    check(json.loads(home.ok("doctor", "--json"))["leftovers"] == [], "left over")


def test_damaged_lock(home):
    """a lock file that cannot be read is named, and nothing is overwritten"""
    module = home.module("a.wasm")
    home.ok("plugin", "install", module)
    lock = home.store / "wplug.lock"
    lock.write_text(lock.read_text() + "\n[[plugin]\n")
    for arguments in (("list",), ("check",), ("install", module), ("uninstall", "a"), ("update",)):
        home.fails("plugin", *arguments, says="wplug.lock:")
    check(lock.read_text().endswith("[[plugin]\n"), "it was overwritten")
    home.fails("doctor", code=1)


def test_usage(home):
    """mistakes on the command line are exit code 2, and every command has help"""
    for arguments in ((), ("frobnicate",), ("install",), ("install", "x", "--frobnicate"), ("sign", "x")):
        home.fails("plugin", *arguments, code=2)
    text = home.ok("plugin", "--help")
    for name in ("install", "list", "check", "run", "update", "uninstall", "search", "keygen", "sign"):
        check(f"  {name} " in text, name)
        check("usage: wplug plugin " + name in home.ok("plugin", name, "--help"), name)
    script = home.ok("completion", "bash")
    check("uninstall" in script and "doctor" in script, "completion")


def main():
    sys.stdout.reconfigure(line_buffering=True)
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory(prefix="wplug-registry-") as scratch:
        has_openssl = '"openssl":true' in Home(scratch).run("doctor", "--json").stdout
    for test in [value for key, value in globals().items() if key.startswith("test_")]:
        title = test.__doc__.split("\n")[0]
        if ONLY not in title:
            continue
        if not has_openssl:
            print(f"SKIPPED  {title}: this build has no OpenSSL")
            continue
        with tempfile.TemporaryDirectory(prefix="wplug-registry-") as folder:
            try:
                test(Home(folder))
                passed += 1
                print(f"ok       {title}")
            except (Failed, ValueError, LookupError, OSError, subprocess.TimeoutExpired) as reason:
                failed += 1
                print(f"FAILED   {title}\n         {reason}")
    print(f"tests: {passed} passed, {failed} failed")
    return 1 if failed or (has_openssl and not passed) else 0


if __name__ == "__main__":
    sys.exit(main())
