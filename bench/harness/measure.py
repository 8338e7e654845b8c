"""Measuring: user CPU time of a process, interleaved runs, the machine."""
import json
import os
import pathlib
import platform
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass


class RunFailed(Exception):
    pass


def run_once(command, timeout=300, stdin=None):
    """Runs a command; (user seconds, wall seconds, standard output). Its own CPU time, children included."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        try:
            process = subprocess.Popen(command, stdin=stdin or subprocess.DEVNULL, stdout=output, stderr=errors,
                                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (timeout, timeout)))
        except OSError as error:
            raise RunFailed(str(error)) from error
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
        if process.returncode != 0:
            errors.seek(0)
            words = errors.read().decode(errors="replace").strip().splitlines()
            raise RunFailed(f"exit code {process.returncode}: {words[0] if words else 'no message'}")
    return usage.ru_utime, wall, text


@dataclass(frozen=True)
class Sample:
    """One run: user CPU seconds, and of these or beside these what compiling took where the engine says it."""
    seconds: float
    compiling: float = None


def run_engine(engine, module, expected):
    """Runs a program; its checksum has to be the expected one."""
    with tempfile.NamedTemporaryFile(suffix=".json") as times:
        command = [*engine.command, *(("--times", times.name) if engine.times else ()), str(module)]
        user, _, text = run_once(command, timeout=600)
        if engine.prints and text != expected:
            raise RunFailed(f"wrong result: {text.strip()[:80]}, native has {expected.strip()[:80]}")
        if not engine.times:
            return Sample(user)
        measured = json.loads(pathlib.Path(times.name).read_text())
    return Sample(measured["run"], measured["compile"])


@dataclass(frozen=True)
class Start:
    """What a whole process took: milliseconds of CPU time (user and system), and of the clock."""
    cpu: float
    wall: float


def start_once(command):
    """A process from its start to its end. By posix_spawn: forking this process would cost more than what is measured."""
    null = os.open(os.devnull, os.O_RDWR)
    try:
        redirect = [(os.POSIX_SPAWN_DUP2, null, stream) for stream in (0, 1, 2)]
        started = time.perf_counter()
        _, status, usage = os.wait4(os.posix_spawn(command[0], command, os.environ, file_actions=redirect), 0)
        wall = time.perf_counter() - started
    except OSError as error:
        raise RunFailed(str(error)) from error
    finally:
        os.close(null)
    if os.waitstatus_to_exitcode(status) != 0:
        raise RunFailed(f"exit code {os.waitstatus_to_exitcode(status)}")
    return Start(1e3 * (usage.ru_utime + usage.ru_stime), 1e3 * wall)


def peak_memory(command):
    """MiB, by the program `time`, whose own memory is the least it can tell; None without it. What this process would be told of its
    child is its own memory, which the child had before it became another program."""
    time_program = shutil.which("time")
    if not time_program:
        return None
    done = subprocess.run([time_program, "-f", "%M", *command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return int(done.stderr.split()[-1]) / 1024 if done.returncode == 0 else None


def spread(values):
    """Median, least and greatest of some seconds."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "runs": list(values)}


def cell(samples):
    """Samples, starts or numbers as the results have them."""
    if isinstance(samples[0], Start):
        return {part: {**spread([getattr(sample, part) for sample in samples]), "unit": "ms"} for part in ("cpu", "wall")}
    if not isinstance(samples[0], Sample):
        return spread(samples)
    compiling = [sample.compiling for sample in samples if sample.compiling is not None]
    return spread([sample.seconds for sample in samples]) | ({"compile": statistics.median(compiling)} if compiling else {})


def interleaved(jobs, runs, on_failure, slow=None):
    """Runs every job once a round, `runs` rounds: drift of the machine meets all alike.

    `jobs`: key -> function that gives a number or a Sample. A job that fails is reported once and left out from then on; one whose
    first run takes longer than `slow` seconds is not run again.
    """
    results, over = {key: [] for key in jobs}, set()
    for _ in range(runs):
        for key, job in jobs.items():
            if results[key] is None or key in over:
                continue
            try:
                results[key].append(job())
            except RunFailed as failure:
                results[key] = None
                on_failure(key, failure)
                continue
            if slow and isinstance(results[key][0], Sample) and results[key][0].seconds > slow:
                over.add(key)
    return {key: cell(values) for key, values in results.items() if values}


def load():
    return os.getloadavg()[0]


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def machine():
    """What the numbers depend on besides the program."""
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    commit = subprocess.run(["git", "-C", root, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "commit": commit.stdout.strip() or "unknown",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "load_before": os.getloadavg()[0],
    }
