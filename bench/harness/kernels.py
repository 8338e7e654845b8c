"""The kernels: what there is, and how they are built for wasm and for this machine."""
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


def build(clang, kernel, folder, smoke=False):
    """Builds NAME.wasm and NAME.native in `folder`; their paths."""
    rounds = max(1, kernel.rounds // SMOKE_DIVISOR) if smoke else kernel.rounds
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
