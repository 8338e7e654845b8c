"""`wplug serve` under wrk: requests a second, latencies, and what a request costs in CPU time of the server and of wrk.

wrk (Debian: apt-get install wrk) runs on the same machine, so requests a second are of both together; the CPU time of a
request is the number to compare where the machine does other things too.
"""
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import tempfile
import urllib.request

from harness import measure

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SECONDS = 5
CONNECTIONS = 32

# Sends the records of a file in turn; refused ones (422) are as good as others here and are counted.
LUA = """
local requests, at = {}, 0
for line in io.lines("RECORDS") do
  requests[#requests + 1] = wrk.format("POST", "/", {["Content-Type"] = "application/json"}, line)
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  io.write(string.format('{"requests":%d,"us":%d,"p50":%d,"p99":%d,"max":%d,"status":%d,"socket":%d}\\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99), latency.max, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


def cpu_seconds(url):
    with urllib.request.urlopen(url + "/metrics", timeout=60) as reply:
        return float(re.search(r"^process_cpu_seconds_total (\S+)$", reply.read().decode(), re.MULTILINE)[1])


def start(wplug, file, jobs, extra):
    process = subprocess.Popen([wplug, "serve", str(file), "--listen", "127.0.0.1:0", "--jobs", str(jobs), *extra],
                               stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    for line in process.stderr:
        if line.startswith(b"{") and (event := json.loads(line)).get("event") == "listening":
            return process, event["url"]
    raise measure.RunFailed("wplug serve did not start")


def one_run(wplug, file, jobs, extra, script):
    process, url = start(wplug, file, jobs, extra)
    try:
        before, wrk_before = cpu_seconds(url), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", script, url], capture_output=True, text=True)
        used, wrk_used = cpu_seconds(url) - before, resource.getrusage(resource.RUSAGE_CHILDREN)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0 or not lines:
            raise measure.RunFailed(f"wrk: {done.stderr.strip() or done.stdout.strip()}")
        found = json.loads(lines[-1])
        if found["socket"]:
            raise measure.RunFailed(f"{found['socket']} connections failed")
        wrk_cpu = wrk_used.ru_utime + wrk_used.ru_stime - wrk_before.ru_utime - wrk_before.ru_stime
        return {"requests/s": found["requests"] / (found["us"] / 1e6), "p50, ms": found["p50"] / 1e3, "p99, ms": found["p99"] / 1e3,
                "server's CPU, us a request": 1e6 * used / found["requests"], "wrk's CPU, us a request": 1e6 * wrk_cpu / found["requests"]}
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()


def serve(wplug, _engines, runs, note):
    if not shutil.which("wrk"):
        note("skipped: serve: wrk is missing (Debian: apt-get install wrk)")
        return None
    file = ROOT / "examples" / "pipeline.toml"
    with tempfile.TemporaryDirectory() as scratch:
        records, script = pathlib.Path(scratch) / "records", pathlib.Path(scratch) / "load.lua"
        with records.open("w") as output:
            subprocess.run([str(ROOT / "examples" / "generate"), "1000"], stdout=output, check=True)
        script.write_text(LUA.replace("RECORDS", str(records)))
        spans = os.path.join(scratch, "spans")
        kinds = {f"3 C++ stages, --jobs {jobs}": (jobs, []) for jobs in (1, 2)}
        kinds["3 C++ stages, --jobs 2, 1 % traced"] = (2, ["--trace-file", spans, "--trace-sample", "0.01"])
        found = {kind: [] for kind in kinds}
        for _ in range(runs):
            for kind, (jobs, extra) in kinds.items():
                try:
                    found[kind].append(one_run(wplug, file, jobs, extra, script))
                except measure.RunFailed as failure:
                    note(f"  {kind}: {failure}")
    return {f"{kind}: {what}": {**measure.spread([run[what] for run in results]), "unit": what.split(", ")[-1]}
            for kind, results in found.items() if results for what in results[0]}
