"""The reglet plugins, allowed, denied, timed out and failing, through `wplug call` and in pipelines."""
import base64
import json

import servers
from harness import Stage, check, check_equal, check_matches

FILE_PLUGINS = ("reglet-file", "reglet-file-go")
TCP_PLUGINS = ("reglet-tcp", "reglet-tcp-go")


def observe(bench, plugin, config, *grants, entry="observe"):
    """The evidence of one call."""
    arguments = [argument for grant in grants for argument in ("--grant", grant)]
    run = bench.wplug_run("call", bench.plugin(plugin), entry, "--input", json.dumps(config), "--timeout", "60s", *arguments)
    run.check_code(0)
    return json.loads(run.stdout)


def check_denied(evidence, capability, key):
    check_equal(evidence["status"], False, "status")
    error = evidence["error"]
    check_equal(error["type"], "capability", "error.type")
    check_matches(f"plugin \".*\" may not {capability}.*grants.{key} = \\[\".*\"\\] would allow it", error["message"], "message")


def check_error(evidence, kind, **flags):
    check_equal(evidence["status"], False, "status")
    check_equal(evidence["error"]["type"], kind, f"type of {evidence['error']}")
    for flag, value in flags.items():
        check_equal(evidence["error"].get(flag, False), value, flag)


def file_of(bench, content="some text\n"):
    folder = bench.folder / f"files-{bench.written}"
    folder.mkdir(exist_ok=True)
    path = folder / "file.txt"
    path.write_text(content)
    bench.written += 1
    return folder.resolve(), str(path.resolve())


def test_describe_and_schema(bench):
    """every plugin describes itself and its configuration"""
    for plugin in (*FILE_PLUGINS, *TCP_PLUGINS, "reglet-dns", "reglet-http", "reglet-command"):
        check_equal(observe(bench, plugin, {}, entry="describe")["name"], plugin.split("-")[1], plugin)
        check_equal(observe(bench, plugin, {}, entry="schema")["type"], "object", plugin)


def test_inspect(bench):
    """inspect tells the ABI of a plugin"""
    for plugin in (*FILE_PLUGINS, "reglet-dns"):
        found = json.loads(bench.wplug_run("inspect", bench.plugin(plugin), "--json").check_code(0).stdout)
        check_equal(found["abi"]["name"], "reglet", plugin)


def test_file_allowed(bench):
    """a file is read through WASI and through fs_read where its directory is granted"""
    folder, path = file_of(bench)
    for plugin in FILE_PLUGINS:
        evidence = observe(bench, plugin, {"path": path}, f"fs:read:{folder}/**")
        check_equal(evidence["status"], True, plugin)
        check_equal(evidence["data"]["content"], "some text\n", plugin)
        evidence = observe(bench, plugin, {"path": path, "through": "host"}, f"fs:read:{path}")
        check_equal(evidence["status"], True, plugin)
        data = evidence["data"]
        check_equal(data.get("content") or base64.b64decode(data["data"]).decode(), "some text\n", plugin)


def test_file_written(bench):
    """a file is written where that is granted"""
    folder, path = file_of(bench)
    for plugin in FILE_PLUGINS:
        config = {"path": path, "write": base64.b64encode(plugin.encode()).decode()}
        check_equal(observe(bench, plugin, config, f"fs:write:{folder}/**")["status"], True, plugin)
        with open(path, encoding="utf-8") as file:
            check_equal(file.read(), plugin, path)
        check_denied(observe(bench, plugin, config, f"fs:read:{folder}/**"), "fs:write", "fs_write")


def test_file_denied(bench):
    """a file that is not granted is not there, and fs_read says what would allow it"""
    folder, path = file_of(bench)
    for plugin in FILE_PLUGINS:
        text = json.dumps(observe(bench, plugin, {"path": path}))
        check("some text" not in text, f"{plugin}: {text}")
        check_denied(observe(bench, plugin, {"path": path, "through": "host"}), "fs:read", "fs_read")
        (folder / "other").mkdir(exist_ok=True)
        other = observe(bench, plugin, {"path": path, "through": "host"}, f"fs:read:{folder}/other/**")
        check_denied(other, "fs:read", "fs_read")


def test_file_timed_out_and_failing(bench):
    """a request whose deadline is over and a file that is missing are errors of their kinds"""
    folder, path = file_of(bench)
    for plugin in FILE_PLUGINS:
        late = {"path": path, "through": "host", "context": {"deadline": "2001-02-03T04:05:06Z"}}
        check_error(observe(bench, plugin, late, f"fs:read:{folder}/**"), "timeout", is_timeout=True)
        missing = {"path": path + ".none", "through": "host"}
        check_error(observe(bench, plugin, missing, f"fs:read:{folder}/**"), "internal", is_not_found=True)
        found = observe(bench, plugin, {"path": path + ".none"}, f"fs:read:{folder}/**")
        check_equal(found["data"]["exists"], False, plugin)


def test_dns(bench):
    """names: found, denied, timed out, missing"""
    with servers.names() as port:
        config = {"hostname": "host.test", "nameserver": f"127.0.0.1:{port}"}
        grant = f"network:outbound:127.0.0.1:{port}"
        found = observe(bench, "reglet-dns", config, grant)
        check_equal((found["status"], found["data"]["records"]), (True, ["192.0.2.7"]), "A")
        found = observe(bench, "reglet-dns", config | {"record_type": "MX"}, grant)
        check_equal(found["data"]["mx_records"][0]["pref"], 10, "MX")
        check_denied(observe(bench, "reglet-dns", config), "network:outbound", "network")
        late = config | {"hostname": "silent.test", "timeout_ms": 300}
        check_error(observe(bench, "reglet-dns", late, grant), "timeout", is_timeout=True)
        missing = config | {"hostname": "missing.test"}
        check_error(observe(bench, "reglet-dns", missing, grant), "network", is_not_found=True)


def test_tcp(bench):
    """TCP: connected, denied, timed out, refused"""
    with servers.silent() as port, servers.closed() as other:
        for plugin in TCP_PLUGINS:
            config = {"host": "127.0.0.1", "port": str(port)}
            grant = f"network:outbound:127.0.0.1:{port}"
            found = observe(bench, plugin, config, grant)
            check_equal((found["status"], found["data"]["connected"]), (True, True), plugin)
            check_equal(found["data"]["remote_addr"], f"127.0.0.1:{port}", plugin)
            check_denied(observe(bench, plugin, config), "network:outbound:127.0.0.1", "network")
            late = config | {"tls": True, "timeout_ms": 300}
            check_error(observe(bench, plugin, late, grant), "timeout", is_timeout=True)
            refused = {"host": "127.0.0.1", "port": str(other)}
            check_error(observe(bench, plugin, refused, f"network:outbound:127.0.0.1:{other}"), "network", is_timeout=False)


def test_private_addresses(bench):
    """a private address is reached when it is granted by name only"""
    with servers.silent() as port:
        evidence = observe(bench, "reglet-tcp", {"host": "127.0.0.1", "port": str(port)}, f"network:outbound:{port}")
        check_error(evidence, "capability")


def test_http(bench):
    """HTTP: answered, denied, timed out, refused, not as expected"""
    with servers.pages() as port, servers.silent() as mute, servers.closed() as other:
        config = {"url": f"http://127.0.0.1:{port}/page", "method": "POST", "headers": {"X-Kind": ["test"]},
                  "body": base64.b64encode(b"hello").decode()}
        grant = f"http:127.0.0.1:{port}"
        found = observe(bench, "reglet-http", config, grant)
        check_equal((found["status"], found["data"]["status_code"]), (True, 200), "status")
        check_equal(base64.b64decode(found["data"]["body"]), b"POST /page test hello", "body")
        check_denied(observe(bench, "reglet-http", config), "http:127.0.0.1", "http")
        late = {"url": f"http://127.0.0.1:{mute}/", "timeout_ms": 300}
        check_error(observe(bench, "reglet-http", late, f"http:127.0.0.1:{mute}"), "timeout", is_timeout=True)
        refused = {"url": f"http://127.0.0.1:{other}/"}
        check_error(observe(bench, "reglet-http", refused, f"http:127.0.0.1:{other}"), "network", is_timeout=False)
        missing = {"url": f"http://127.0.0.1:{port}/missing", "expected_status": 200}
        evidence = observe(bench, "reglet-http", missing, grant)
        check_equal((evidence["status"], evidence["error"]["message"]), (False, "the status is 404, not 200"), "404")


def test_command(bench):
    """commands: run, denied, timed out, failing, missing"""
    config = {"command": "printf", "args": ["%s:%s", "a b", "$HOME"]}
    found = observe(bench, "reglet-command", config, "exec:printf")
    check_equal((found["status"], found["data"]["stdout"]), (True, "a b:$HOME"), "printf")
    found = observe(bench, "reglet-command", {"command": "env", "env": ["A=b c"]}, "exec:env")
    check("A=b c" in found["data"]["stdout"].splitlines(), found["data"]["stdout"])
    check_denied(observe(bench, "reglet-command", config), "exec:printf", "exec")
    check_denied(observe(bench, "reglet-command", config, "exec:printf %s"), "exec:printf", "exec")
    late = {"command": "sleep", "args": ["600"], "timeout_ms": 300}
    check_error(observe(bench, "reglet-command", late, "exec:sleep"), "timeout", is_timeout=True)
    evidence = observe(bench, "reglet-command", {"command": "false"}, "exec:false")
    check_equal((evidence["status"], evidence["error"]["message"]), (False, "the exit code is 1, not 0"), "false")
    missing = observe(bench, "reglet-command", {"command": "no-such-program"}, "exec:no-such-program")
    check_error(missing, "internal", is_not_found=True)


def test_pipeline(bench):
    """in a pipeline the record's values go over the configured ones, and grants are the stage's"""
    with servers.pages() as port, servers.silent() as mute:
        url = f"http://127.0.0.1:{port}/x"
        stage = Stage(bench.plugin("reglet-http"), config={"url": url, "timeout_ms": 300},
                      grants={"http": [f"127.0.0.1:{port}", f"127.0.0.1:{mute}"]}, limits={"http_calls": 1})
        records = [{}, {"method": "POST"}, {"url": f"http://127.0.0.1:{mute}/"}, {"url": "http://example.com/"}]
        evidence = bench.pipeline([stage], records, "--jobs", "2").check_code(0).records
        bodies = [base64.b64decode(e["data"]["body"]) for e in evidence[:2]]
        check_equal(bodies, [b"GET /x  ", b"POST /x  "], "bodies")
        check_error(evidence[2], "timeout", is_timeout=True)
        check_denied(evidence[3], "http:example.com", "http")


def test_pipelines_of_every_kind(bench):
    """file, TCP, DNS and command stages work on records, several to an instance"""
    folder, path = file_of(bench)
    with servers.silent() as port, servers.names() as dns:
        address = f"127.0.0.1:{port}"
        stages = [(name, {"path": path}, {"fs_read": [f"{folder}/**"]}) for name in FILE_PLUGINS]
        stages += [(name, {"host": "127.0.0.1", "port": str(port)}, {"network": [address]}) for name in TCP_PLUGINS]
        stages += [("reglet-dns", {"hostname": "host.test", "nameserver": f"127.0.0.1:{dns}"},
                    {"network": [f"127.0.0.1:{dns}"]}), ("reglet-command", {"command": "true"}, {"exec": ["true"]})]
        for name, record, grants in stages:
            evidence = bench.pipeline([Stage(bench.plugin(name), grants=grants)], [record] * 5, "--jobs", "1")
            check_equal([e["status"] for e in evidence.check_code(0).records], [True] * 5, name)
            denied = bench.pipeline([Stage(bench.plugin(name))], [record | {"through": "host"}]).check_code(0).records
            check_error(denied[0], "capability")


def test_unknown_operation(bench):
    """an operation that there is not is refused in one line"""
    bench.wplug_run("call", bench.plugin("reglet-dns"), "destroy").check_one_line_error(
        65, "\"destroy\" is no operation of a reglet plugin")
