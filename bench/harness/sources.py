"""Sources of others, taken when they are needed: Lua and SQLite from Debian's source packages, QuickJS from a package of PyPI.

They are kept in build/bench-sources (or the folder WPLUG_BENCH_SOURCES) and never change: the versions stand here, and apt-get and
pip check what they download.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEBIAN_SUITE = "bookworm"
QUICKJS = "1.19.4"  # of the package quickjs: version 2021-03-27 of the engine, with fixes


class SourceError(Exception):
    pass


def folder():
    return pathlib.Path(os.environ.get("WPLUG_BENCH_SOURCES") or ROOT / "build" / "bench-sources")


def run(command, place, what, environment=None):
    try:
        done = subprocess.run([str(word) for word in command], cwd=place, capture_output=True, text=True, timeout=900,
                              env=os.environ | (environment or {}))
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceError(f"{what}: {error}") from error
    if done.returncode != 0:
        raise SourceError(f"{what}: {(done.stderr or done.stdout).strip()[-400:]}")


def debian_mirror():
    """Where this machine has its packages from, so that its mirror serves the sources too."""
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian"],
                          capture_output=True, text=True)
    found = done.stdout.split()
    return next((uri for uri in found if "security" not in uri), None)


def debian_source(package, pattern):
    """Downloads a source package with apt-get, with a package list of its own, and unpacks the tarball that fits the pattern."""
    place = folder()
    if not shutil.which("apt-get"):
        raise SourceError(f"{package}: needs apt-get, or its sources in {place / package}")
    private = place / "apt"
    for part in ("lists/partial", "cache/archives/partial"):
        (private / part).mkdir(parents=True, exist_ok=True)
    mirror = debian_mirror()
    if not mirror:
        raise SourceError(f"{package}: apt-get knows no archive of Debian")
    (private / "sources.list").write_text(
        f"deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {mirror} {DEBIAN_SUITE} main\n")
    (private / "apt.conf").write_text(
        f'Dir::State::lists "{private}/lists";\nDir::Cache "{private}/cache";\nAPT::Sandbox::User "root";\n'
        f'Dir::Etc::sourcelist "{private}/sources.list";\nDir::Etc::sourceparts "/dev/null";\n')
    environment = {"APT_CONFIG": str(private / "apt.conf")}
    if not list((private / "lists").glob("*Sources*")):
        run(["apt-get", "update"], private, "apt-get update", environment)
    run(["apt-get", "source", "--download-only", package], private, package, environment)
    unpack(next(iter(sorted(private.glob(pattern))), None), package)


def unpack(archive, name):
    """Into folder()/name, whose one inner folder's content it becomes."""
    if archive is None:
        raise SourceError(f"{name}: the archive that was expected did not come")
    place = folder()
    scratch = place / f"{name}.new"
    shutil.rmtree(scratch, ignore_errors=True)
    with tarfile.open(archive) as tar:
        tar.extractall(scratch, filter="data") if hasattr(tarfile, "data_filter") else tar.extractall(scratch)
    inner = list(scratch.iterdir())
    (inner[0] if len(inner) == 1 else scratch).rename(place / name)
    shutil.rmtree(scratch, ignore_errors=True)


def fetch_lua():
    debian_source("lua5.4", "lua5.4_*.orig.tar.gz")


def fetch_sqlite():
    """The package has the parts; its own makefile joins them to one file, with Tcl."""
    if not shutil.which("tclsh"):
        raise SourceError("sqlite3: joining its sources needs tclsh (Debian: apt-get install tcl)")
    if not (folder() / "sqlite3-parts" / "configure").is_file():
        debian_source("sqlite3", "sqlite3_*.orig.tar.xz")
        (folder() / "sqlite3").rename(folder() / "sqlite3-parts")
    scratch = folder() / "sqlite3.new"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    run([folder() / "sqlite3-parts" / "configure", "--disable-tcl", "--disable-readline"], scratch, "sqlite3: configure")
    run(["make", "sqlite3.c"], scratch, "sqlite3: make sqlite3.c")
    (folder() / "sqlite3").mkdir()
    for name in ("sqlite3.c", "sqlite3.h"):
        shutil.copy(scratch / name, folder() / "sqlite3" / name)
    shutil.rmtree(scratch)


def fetch_quickjs():
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", f"quickjs=={QUICKJS}"], place,
        "quickjs from PyPI")
    unpack(next(iter(place.glob(f"quickjs-{QUICKJS}.tar.gz")), None), "quickjs")


# name -> (a file that is there when it is complete, how it comes here)
SOURCES = {
    "lua5.4": ("src/lapi.c", fetch_lua),
    "sqlite3": ("sqlite3.c", fetch_sqlite),
    "quickjs": ("upstream-quickjs/quickjs.c", fetch_quickjs),
}


def find(name, fetch):
    """The folder of the sources; fetches them if that is allowed."""
    proof, how = SOURCES[name]
    place = folder() / name
    if not (place / proof).is_file():
        if not fetch:
            raise SourceError(f"the sources of {name} are not in {folder()}: `bench/run fetch` gets them")
        how()
    if not (place / proof).is_file():
        raise SourceError(f"{name}: {place / proof} is missing")
    return place
