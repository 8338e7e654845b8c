"""The generated sections of docs/performance.md: between `<!-- bench: NAME -->` and `<!-- /bench -->` stands what the results say."""
import json
import pathlib
import re

from harness import report

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "bench" / "results"
SECTION = re.compile(r"<!-- bench: ([\w ]+) -->\n(.*?)<!-- /bench -->", re.DOTALL)


def load(part):
    path = RESULTS / f"{part}.json"
    return json.loads(path.read_text()) if path.is_file() else None


def measured_with(data):
    info = data["machine"]
    return (f"{info['cpu']}, {info['cores']} cores, {info['system']}; commit {info['commit']}, {info['date']}; "
            f"{data['runs']} interleaved runs, medians of user CPU time")


def summary():
    data = load("programs")
    if not data:
        return None
    rows = {label: chosen for label, chosen in report.selections(data)}
    lines = [f"Measured on {measured_with(data)}.", ""]
    for name in report.engine_names(data, False):
        if name in ("wplug", "native"):
            continue
        held_out, count = report.mean_ratio(rows["held out"], name, "wplug")
        everything, total = report.mean_ratio(rows["all programs"], name, "wplug")
        if held_out and everything:
            lines.append(f"- {name} takes **{held_out:.2f} times** wplug's time on the {count} held-out programs it runs, "
                         f"{everything:.2f} on all {total}.")
    held_out, _ = report.mean_ratio(rows["held out"], "wplug", "native")
    if held_out:
        lines.append(f"- wplug takes {held_out:.2f} times the native programs' time on the held-out programs.")
    slower = [name for name, row in data["programs"].items() if (value := report.ratio(row, "wasmi", "wplug")) and value < 1]
    if any("wasmi" in row["cells"] for row in data["programs"].values()):
        lines.append(f"- Slower than wasmi: {', '.join(slower) if slower else 'no program'}.")
    return "\n".join([*lines, "", "![Times as long as native, held-out programs](../bench/results/programs.svg)", ""])


def means():
    data = load("programs")
    return report.mean_table(data, "wplug", report.engine_names(data, False), "time ÷ wplug's") + "\n" if data else None


def native():
    data = load("programs")
    return report.mean_table(data, "native", report.engine_names(data, False), "time ÷ native's") + "\n" if data else None


def per_program():
    data = load("programs")
    if not data:
        return None
    names = report.engine_names(data, False)
    base = next((name for name in names if name not in ("wplug", "native")), None)
    return (f"{report.program_table(data, names, base)}\n\n\\* fewer than five runs; (tuned on): not held out. "
            f"{report.spread_note(report.program_cells(data))} Compilers, flags and\nwhat else was measured: "
            "[bench/results/programs.md](../bench/results/programs.md).\n")


def variants():
    data = load("programs")
    return report.mean_table(data, "wplug", report.engine_names(data, True), "time ÷ wplug's") + "\n" if data else None


def missing():
    data = load("programs")
    lines = report.notes(data)[2:-1] if data else None
    return "\n".join(lines or ["Nothing: every program and every engine known here was measured."]) + "\n" if data else None


def of_part(part, make):
    data = load(part)
    return (f"Measured on {measured_with(data)} ([bench/results/{part}.md](../bench/results/{part}.md)).\n\n{make(data)}\n"
            if data else None)


SECTIONS = {
    "summary": summary,
    "means": means,
    "native": native,
    "programs": per_program,
    "variants": variants,
    "missing": missing,
    "simd": lambda: of_part("simd", report.simd_table),
    "memory64": lambda: of_part("memory64", report.memory64_table),
    "exceptions": lambda: of_part("exceptions", report.exceptions_table),
    "edges": lambda: of_part("edges", lambda data: "\n".join(line.replace("## ", "### ") for line in report.edges_part(data)).strip()),
}


def rewritten(page):
    """The page with every section as the results have it now."""
    def section(match):
        words = SECTIONS[match[1]]()
        return f"<!-- bench: {match[1]} -->\n{words or f'Not measured yet: `bench/run`.{chr(10)}'}<!-- /bench -->"
    return SECTION.sub(section, page)


def refresh():
    """Writes the page and the files beside the results. Gives what changed."""
    changed = []
    wanted = {PAGE: rewritten(PAGE.read_text())}
    for part in report.PART_TITLES:
        if data := load(part):
            wanted[RESULTS / f"{part}.md"] = report.markdown(part, data)
    if data := load("programs"):
        wanted[RESULTS / "programs.svg"] = report.programs_svg(data) or ""
    for path, text in wanted.items():
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)
            changed.append(path)
    return changed


def problems():
    """What does not say what the results say."""
    found = []
    page = PAGE.read_text()
    names = [match[1] for match in SECTION.finditer(page)]
    found += [f"{PAGE.name}: no section {name}" for name in SECTIONS if name not in names]
    if rewritten(page) != page:
        found.append(f"{PAGE.name} does not show what bench/results has: run `bench/run docs`")
    for part in report.PART_TITLES:
        data, path = load(part), RESULTS / f"{part}.md"
        if data and (not path.is_file() or path.read_text() != report.markdown(part, data)):
            found.append(f"results/{part}.md is not what {part}.json says: run `bench/run docs`")
    return found
