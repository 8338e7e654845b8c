"""The programs that are measured: one table. Held-out ones are never looked at when fusions or other optimizations are chosen."""
from dataclasses import dataclass

GROUPS = ["calls", "integer", "floating point", "memory", "branches", "interpreters", "large programs", "SIMD"]
SMOKE_DIVISOR = 50


@dataclass(frozen=True)
class Program:
    name: str
    group: str
    held_out: bool
    rounds: int  # about half a second to a second in wplug
    source: str = ""  # below bench/; kernels/NAME.c if not given
    kind: str = "kernel"  # how building.py makes it: kernel, vectors, lua, sqlite, quickjs, go, rust
    defines: tuple = ()
    counted: bool = True  # whether it executes the same instructions in every run

    def smoke_rounds(self):
        return max(1, self.rounds // SMOKE_DIVISOR)


def kernel(name, group, held_out, rounds, source="", defines=()):
    return Program(name, group, held_out, rounds, source or f"kernels/{name}.c", defines=defines)


def vectors(name, held_out, rounds):
    """Programs that exist in scalar code and with 128-bit vectors."""
    return Program(name, "SIMD", held_out, rounds, f"kernels/{name}.c", "vectors")


PROGRAMS = [
    kernel("fib", "calls", False, 30),
    kernel("quicksort", "calls", False, 50),
    kernel("queens", "calls", True, 400),
    kernel("indirect_sort", "calls", True, 250),
    kernel("mix", "integer", False, 1500),
    kernel("matmul_i32", "integer", False, 60, "kernels/matmul.c", ("-DNUMBER=int32_t",)),
    kernel("sha256", "integer", False, 1600),
    Program("coremark", "integer", False, 1500, "coremark", "rust"),
    kernel("pidigits", "integer", True, 250),
    kernel("fannkuch", "integer", True, 50),
    kernel("edit_distance", "integer", True, 150),
    kernel("matmul_f64", "floating point", False, 60, "kernels/matmul.c", ("-DNUMBER=double",)),
    kernel("nbody", "floating point", False, 800_000),
    kernel("spectral_norm", "floating point", True, 800),
    kernel("mandelbrot", "floating point", True, 80),
    kernel("fft", "floating point", True, 800),
    kernel("sieve", "memory", False, 200),
    kernel("memcopy", "memory", False, 30_000),
    kernel("binary_trees", "memory", True, 400),
    kernel("hash_map", "memory", True, 120),
    kernel("life", "memory", True, 600),
    kernel("strings", "branches", False, 600),
    kernel("sudoku", "branches", True, 300),
    kernel("regex", "branches", True, 100),
    kernel("lz", "branches", True, 130),
    kernel("vm", "interpreters", False, 30),
    kernel("forth", "interpreters", True, 80),
    Program("lua", "large programs", True, 20, "large/lua.c", "lua"),
    Program("sqlite", "large programs", True, 15, "large/sqlite.c", "sqlite"),
    Program("quickjs", "large programs", True, 30, "large/quickjs.c", "quickjs"),
    # Its maps take their seeds from random_get.
    Program("go", "large programs", True, 12, "large/go", "go", counted=False),
    Program("rust", "large programs", True, 250, "large/rust", "rust"),
    vectors("simd_sha256", False, 800),
    vectors("simd_base64", False, 2000),
    vectors("simd_utf8", False, 1600),
    vectors("simd_matmul", False, 60),
    vectors("simd_mandelbrot", False, 60),
    vectors("simd_chacha20", True, 500),
    vectors("simd_blur", True, 400),
]
BY_NAME = {program.name: program for program in PROGRAMS}
