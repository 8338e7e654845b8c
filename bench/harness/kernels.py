"""The kernels: what there is, and how they are built for wasm and for this machine."""
import os
import pathlib
import shutil
import subprocess
from dataclasses import dataclass

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "kernels"
# WebAssembly 1.0 plus what every engine of the comparison has. No vector instructions on either side.
WASM_FLAGS = ["--target=wasm32", "-mcpu=mvp", "-mbulk-memory", "-msign-ext", "-mmutable-globals", "-O3", "-ffreestanding",
              "-nostdlib", "-Wl,--no-entry", "-Wl,-z,stack-size=65536"]
# fp-contract: wasm rounds each operation, so the native program has to as well, or the checksums differ.
NATIVE_FLAGS = ["-O3", "-ffp-contract=off"]
COMMON_FLAGS = ["-std=c17", "-Wall", "-Wextra", "-Werror", "-fno-vectorize", "-fno-slp-vectorize"]


@dataclass(frozen=True)
class Kernel:
    name: str
    rounds: int  # about a second in a fast interpreter
    source: str = ""
    defines: tuple = ()


KERNELS = [
    Kernel("mix", 1500),
    Kernel("fib", 30),
    Kernel("sieve", 200),
    Kernel("matmul_i32", 60, "matmul.c", ("-DNUMBER=int32_t",)),
    Kernel("matmul_f64", 60, "matmul.c", ("-DNUMBER=double",)),
    Kernel("nbody", 800_000),
    Kernel("sha256", 1600),
    Kernel("quicksort", 50),
    Kernel("vm", 30),
    Kernel("memcopy", 30_000),
    Kernel("strings", 600),
]
# A program of others, built where Rust and its target wasm32-wasip1 are installed.
COREMARK = Kernel("coremark", 1500, "coremark")
RUST_TARGET = "wasm32-wasip1"
SMOKE_DIVISOR = 50


class BuildError(Exception):
    pass


def find_clang():
    """clang 19 with its wasm linker, or None."""
    for name in ("clang-19", "clang"):
        clang = shutil.which(name)
        if clang and (shutil.which("wasm-ld-19") or shutil.which("wasm-ld")):
            return clang
    return None


def has_rust():
    """Whether cargo and the standard library for the target are here."""
    if not shutil.which("cargo") or not shutil.which("rustc"):
        return False
    done = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True)
    return (pathlib.Path(done.stdout.strip()) / "lib" / "rustlib" / RUST_TARGET).is_dir()


def all_kernels():
    return KERNELS + ([COREMARK] if has_rust() else [])


def build_rust(kernel, folder, rounds):
    """The same for a crate of bench/; cargo fetches what it depends on."""
    manifest = SOURCES.parent / kernel.source / "Cargo.toml"
    outputs = []
    for suffix, target in ((".wasm", ["--target", RUST_TARGET]), (".native", [])):
        place = folder / ("cargo" + suffix)
        done = subprocess.run(["cargo", "build", "--quiet", "--release", "--manifest-path", str(manifest), *target],
                              env=os.environ | {"ROUNDS": str(rounds), "CARGO_TARGET_DIR": str(place)},
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise BuildError(f"{kernel.name}{suffix} does not build:\n{done.stderr}")
        built = place / (RUST_TARGET if target else "") / "release" / ("coremark-kernel" + (".wasm" if target else ""))
        outputs.append(shutil.copy(built, folder / (kernel.name + suffix)))
    return outputs


def build(clang, kernel, folder, smoke=False):
    """Builds NAME.wasm and NAME.native in `folder`; their paths."""
    rounds = max(1, kernel.rounds // SMOKE_DIVISOR) if smoke else kernel.rounds
    if kernel is COREMARK:
        return build_rust(kernel, folder, rounds)
    source = SOURCES / (kernel.source or kernel.name + ".c")
    common = [clang, *COMMON_FLAGS, *kernel.defines, f"-DROUNDS={rounds}", str(source)]
    outputs = []
    for suffix, flags in ((".wasm", WASM_FLAGS), (".native", NATIVE_FLAGS)):
        output = folder / (kernel.name + suffix)
        done = subprocess.run(common + flags + ["-o", str(output)], capture_output=True, text=True)
        if done.returncode != 0:
            raise BuildError(f"{kernel.name}{suffix} does not build:\n{done.stderr}")
        outputs.append(output)
    return outputs
