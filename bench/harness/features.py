"""What two features of WebAssembly 3.0 cost: 64-bit addresses and exceptions, in this build of wplug."""
import pathlib
import subprocess

from harness import building, measure, programs

EXCEPTIONS = pathlib.Path(__file__).resolve().parent.parent / "exceptions.wat"
TURNS = 3_000_000
SMOKE_TURNS = 1000
# (export, what one turn does)
EXCEPTION_ROWS = [
    ("plain", "a call in a loop, no exceptions"),
    ("try", "the same call in a try_table, nothing thrown"),
    ("here", "thrown and caught in the same function"),
    ("callee", "thrown by the function that is called"),
    ("deep", "thrown through ten frames"),
    ("codes", "an error code returned through ten frames instead"),
    ("rethrow", "caught, and thrown again by throw_ref"),
]


def exceptions(wplug, runs, smoke, failed):
    """{export: cell in nanoseconds of user CPU time a turn}."""
    turns = SMOKE_TURNS if smoke else TURNS

    def job(export):
        def run():
            user, _, text = measure.run_once([wplug, "run", str(EXCEPTIONS), "--invoke", export, str(turns)])
            if text.strip() != str(turns):
                raise measure.RunFailed(f"{export}: {text.strip()} of {turns} turns went as they should")
            return user / turns * 1e9
        return run
    measured = measure.interleaved({export: job(export) for export, _ in EXCEPTION_ROWS}, 1 if smoke else runs, failed)
    return {export: {**measured[export], "what": what, "unit": "ns"} for export, what in EXCEPTION_ROWS if export in measured}


def result_of_wasm64(wplug, module, expected):
    """Seconds of a kernel with 64-bit addresses, whose checksum is the result of an export: WASI's pointers have 32 bits."""
    user, _, text = measure.run_once([wplug, "run", str(module), "--invoke", "run"])
    if int(text) & (1 << 64) - 1 != int(expected, 16):
        raise measure.RunFailed(f"wrong result: {text.strip()}, native has {expected.strip()}")
    return user


def memory64(wplug, runs, smoke, note, failed):
    """{program: {"wasm32": cell, "wasm64": cell}} of the programs that need no C library."""
    results = {}
    for program in programs.PROGRAMS:
        if program.kind != "kernel":
            continue
        built = building.build(program, smoke)
        wide = building.build_wasm64(program, program.smoke_rounds() if smoke else program.rounds)
        expected = subprocess.run([built.native], capture_output=True, text=True, check=True).stdout

        def narrow_job(module=built.wasm, expected=expected):
            user, _, text = measure.run_once([wplug, "run", str(module)])
            if text != expected:
                raise measure.RunFailed(f"wrong result: {text.strip()}, native has {expected.strip()}")
            return user
        jobs = {"wasm32": narrow_job,
                "wasm64": lambda module=wide, expected=expected: result_of_wasm64(wplug, module, expected)}
        results[program.name] = measure.interleaved(
            jobs, 1 if smoke else runs, lambda form, failure, program=program: failed(f"{program.name}, {form}", failure))
        note(f"{program.name}: " + ", ".join(f"{form} {cell['median']:.3f}" for form, cell in results[program.name].items()))
    return results
