"""How the programs become modules and native programs. What was built is kept by the hash of all that went into it."""
import functools
import hashlib
import os
import pathlib
import shutil
import subprocess
from dataclasses import dataclass

from harness import sources

BENCH = pathlib.Path(__file__).resolve().parent.parent
ROOT = BENCH.parent
# WebAssembly 1.0 plus what every engine of the comparison has. No vector instructions on either side but in the SIMD programs.
FEATURES = ["-mcpu=mvp", "-mbulk-memory", "-msign-ext", "-mmutable-globals"]
FREE_FLAGS = ["-O3", "-ffreestanding", "-nostdlib", "-Wl,--no-entry", "-Wl,-z,stack-size=65536"]
WASM_FLAGS = ["--target=wasm32", *FEATURES, *FREE_FLAGS]
WASM64_FLAGS = ["--target=wasm64", *FEATURES, *FREE_FLAGS]
# fp-contract: wasm rounds each operation, so the native program has to as well, or the checksums differ.
NATIVE_FLAGS = ["-O3", "-ffp-contract=off", "-fno-math-errno"]
COMMON_FLAGS = ["-std=c17", "-Wall", "-Wextra", "-Werror"]
SCALAR_FLAGS = ["-fno-vectorize", "-fno-slp-vectorize"]
VECTOR_FLAGS = ["-msimd128"]
WASI_FLAGS = ["--target=wasm32-wasi", *FEATURES, "-O2", "-Wl,-z,stack-size=262144"]
LARGE_NATIVE_FLAGS = ["-O2", "-ffp-contract=off"]
RUST_TARGET = "wasm32-wasip1"

LUA_PARTS = ("lapi lcode lctype ldebug ldo ldump lfunc lgc llex lmem lobject lopcodes lparser lstate lstring ltable ltm lundump "
             "lvm lzio lauxlib lbaselib ltablib lstrlib lmathlib").split()
QUICKJS_PARTS = "quickjs libregexp libunicode cutils libbf".split()
SQLITE_FLAGS = ["-DSQLITE_OS_OTHER=1", "-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_TEMP_STORE=3",
                "-DSQLITE_OMIT_WAL", "-DSQLITE_OMIT_LOCALTIME"]


class BuildError(Exception):
    pass


class Missing(Exception):
    """A tool or a source that this program needs is not here; the text says which and where from."""


@dataclass(frozen=True)
class Built:
    wasm: pathlib.Path
    native: pathlib.Path
    scalar: pathlib.Path = None  # of a program that has vectors: the module without them


def cache_folder():
    place = pathlib.Path(os.environ.get("WPLUG_BENCH_CACHE") or ROOT / "build" / "bench-programs")
    place.mkdir(parents=True, exist_ok=True)
    return place


def find_clang():
    """clang 19 with its wasm linker, or None."""
    for name in ("clang-19", "clang"):
        clang = shutil.which(name)
        if clang and (shutil.which("wasm-ld-19") or shutil.which("wasm-ld")):
            return clang
    return None


@functools.cache
def version(program):
    return subprocess.run([program, "version" if program.endswith("go") else "--version"], capture_output=True, text=True).stdout


@functools.cache
def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def files_below(*places):
    return sorted(path for place in places for path in place.rglob("*")
                  if path.is_file() and path.suffix in (".c", ".h", ".js", ".lua", ".go", ".mod", ".rs", ".toml"))


def made(command, inputs, suffix, name, environment=None, output_at=None, place=None):
    """Runs a command that makes a file, `{out}` in its words, unless the same was made before; the file. `output_at` names the
    file below `{out}` where a tool makes a folder."""
    words = [str(word) for word in command]
    key = hashlib.sha256("\0".join([version(words[0]), *words, *map(str, sorted((environment or {}).items())),
                                    *map(digest, inputs)]).encode()).hexdigest()[:20]
    output = cache_folder() / f"{name}-{key}{suffix}"
    if output.is_file():
        return output
    scratch = cache_folder() / f"{name}-{key}.{os.getpid()}.new"
    done = subprocess.run([word.replace("{out}", str(scratch)) for word in words], cwd=place, capture_output=True, text=True,
                          env=os.environ | {name: value.replace("{out}", str(scratch)) for name, value in (environment or {}).items()})
    if done.returncode != 0:
        shutil.rmtree(scratch, ignore_errors=True)
        raise BuildError(f"{name}{suffix} does not build:\n{done.stderr[-2000:]}")
    if output_at:
        shutil.copy(scratch / output_at, f"{scratch}.file")
        shutil.rmtree(scratch)
        os.replace(f"{scratch}.file", output)
    else:
        os.replace(scratch, output)
    return output


def compile_c(program, rounds, flags, suffix, extra_inputs=(), words=()):
    clang = find_clang()
    if not clang:
        raise Missing("clang-19 and wasm-ld-19 are missing (Debian: apt-get install clang-19 lld-19)")
    source = BENCH / program.source
    inputs = files_below(source.parent) + list(extra_inputs)
    native = suffix == ".native"
    return made([clang, *flags, *program.defines, f"-DROUNDS={rounds}", *words, source, "-o", "{out}", *(["-lm"] if native else [])],
                inputs, suffix, program.name)


def build_kernel(program, rounds, _fetch):
    return Built(compile_c(program, rounds, [*COMMON_FLAGS, *WASM_FLAGS, *SCALAR_FLAGS], ".wasm"),
                 compile_c(program, rounds, [*COMMON_FLAGS, *NATIVE_FLAGS, *SCALAR_FLAGS], ".native"))


def build_vectors(program, rounds, _fetch):
    return Built(compile_c(program, rounds, [*COMMON_FLAGS, *WASM_FLAGS, *VECTOR_FLAGS], ".simd.wasm"),
                 compile_c(program, rounds, [*COMMON_FLAGS, *NATIVE_FLAGS], ".native"),
                 compile_c(program, rounds, [*COMMON_FLAGS, *WASM_FLAGS, *SCALAR_FLAGS], ".wasm"))


def build_wasm64(program, rounds):
    return compile_c(program, rounds, [*COMMON_FLAGS, *WASM64_FLAGS, *SCALAR_FLAGS], ".wasm64.wasm")


def has_wasi_libc():
    return pathlib.Path("/usr/include/wasm32-wasi/stdio.h").is_file()


def build_large(program, rounds, parts, flags, wasm_flags=(), wasm_libraries=()):
    """A program of others: its parts are compiled once, our main file for each number of rounds."""
    if not has_wasi_libc():
        raise Missing("WASI's C library is missing (Debian: apt-get install wasi-libc libclang-rt-19-dev-wasm32)")
    clang = find_clang()
    if not clang:
        raise Missing("clang-19 and wasm-ld-19 are missing (Debian: apt-get install clang-19 lld-19)")
    headers = files_below(BENCH / "large" / "wasi") + [BENCH / "large" / "lua_config.h", BENCH / "large" / "quickjs_config.h"]
    outputs = []
    for suffix, target in ((".wasm", [*WASI_FLAGS, *wasm_flags]), (".native", LARGE_NATIVE_FLAGS)):
        compiling = [flag for flag in target if not flag.startswith("-Wl,")]
        folder_headers = sorted({header for part in parts for header in part.parent.glob("*.h")})
        objects = [made([clang, *compiling, *flags, "-w", "-c", part, "-o", "{out}"], [part, *headers, *folder_headers],
                        suffix + ".o", f"{program.name}-{part.stem}") for part in parts]
        ours = [f"-DROUNDS={rounds}", "-Wall", "-Wextra", "-Wno-c23-extensions", "-Wno-unused-parameter"]
        libraries = list(wasm_libraries) if suffix == ".wasm" else ["-lm"]
        outputs.append(made([clang, *target, *flags, *program.defines, *ours, BENCH / program.source, *objects, "-o", "{out}", *libraries],
                            [*files_below(BENCH / "large"), *objects], suffix, program.name))
    return Built(*outputs)


def build_lua(program, rounds, fetch):
    place = sources.find("lua5.4", fetch) / "src"
    return build_large(program, rounds, [place / f"{part}.c" for part in LUA_PARTS],
                       ["-include", BENCH / "large" / "lua_config.h", f"-I{place}"],
                       [f"-I{BENCH / 'large' / 'wasi'}", "-D_WASI_EMULATED_PROCESS_CLOCKS", "-D_WASI_EMULATED_SIGNAL"],
                       ["-lwasi-emulated-process-clocks", "-lwasi-emulated-signal"])


def build_sqlite(program, rounds, fetch):
    place = sources.find("sqlite3", fetch)
    return build_large(program, rounds, [place / "sqlite3.c"], [*SQLITE_FLAGS, f"-I{place}"])


def build_quickjs(program, rounds, fetch):
    place = sources.find("quickjs", fetch) / "upstream-quickjs"
    # EMSCRIPTEN: as QuickJS calls a C library without threads, stack addresses and malloc_usable_size.
    return build_large(program, rounds, [place / f"{part}.c" for part in QUICKJS_PARTS],
                       ["-include", BENCH / "large" / "quickjs_config.h", "-DEMSCRIPTEN", "-DCONFIG_BIGNUM",
                        '-DCONFIG_VERSION="bench"', f"-I{place}"])


def build_go(program, rounds, _fetch):
    go = shutil.which("go")
    if not go:
        raise Missing("go is missing (https://go.dev/dl)")
    place = BENCH / program.source
    inputs = files_below(place)
    command = [go, "build", "-ldflags", f"-X main.rounds={rounds}", "-o", "{out}", "."]
    environment = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOWORK": "off", "GOFLAGS": "-mod=mod"}
    return Built(made(command, inputs, ".wasm", program.name, environment | {"GOOS": "wasip1", "GOARCH": "wasm"}, place=place),
                 made(command, inputs, ".native", program.name, environment, place=place))


def has_rust():
    """Whether cargo and the standard library for the target are here."""
    if not shutil.which("cargo") or not shutil.which("rustc"):
        return False
    done = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True)
    return (pathlib.Path(done.stdout.strip()) / "lib" / "rustlib" / RUST_TARGET).is_dir()


def build_rust(program, rounds, fetch):
    if not has_rust():
        raise Missing(f"Rust with {RUST_TARGET} is missing (rustup target add {RUST_TARGET})")
    crate = BENCH / program.source
    has_dependencies = "[dependencies]" in (crate / "Cargo.toml").read_text()
    outputs = []
    for suffix, target in ((".wasm", ["--target", RUST_TARGET]), (".native", [])):
        binary = f"{RUST_TARGET + '/' if target else ''}release/{program.name if has_dependencies else 'bench-' + program.name}"
        command = ["cargo", "build", "--quiet", "--release", "--manifest-path", crate / "Cargo.toml", *target,
                   *([] if fetch else ["--offline"])]
        try:
            outputs.append(made(command, files_below(crate), suffix, program.name,
                                {"ROUNDS": str(rounds), "CARGO_TARGET_DIR": "{out}"},
                                (f"{binary}-kernel" if has_dependencies else binary) + (".wasm" if target else "")))
        except BuildError as error:
            if fetch or not has_dependencies:
                raise
            raise Missing("cargo has not fetched the crates it needs: `bench/run fetch` lets it") from error
    return Built(*outputs)


BUILDERS = {"kernel": build_kernel, "vectors": build_vectors, "lua": build_lua, "sqlite": build_sqlite, "quickjs": build_quickjs,
            "go": build_go, "rust": build_rust}


def build(program, smoke=False, fetch=False):
    """Builds a program. Raises Missing, BuildError."""
    try:
        return BUILDERS[program.kind](program, program.smoke_rounds() if smoke else program.rounds, fetch)
    except sources.SourceError as error:
        raise Missing(str(error)) from error
