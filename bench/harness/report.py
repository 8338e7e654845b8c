"""Results as markdown tables and a chart."""
import math

from harness import chart, programs

VARIANT_PREFIX = "wplug, "
PART_TITLES = {"programs": "Programs", "simd": "Vectors", "memory64": "64-bit addresses", "exceptions": "Exceptions", "edges": "Edges"}


def geomean(values):
    values = list(values)
    return math.exp(sum(math.log(value) for value in values) / len(values)) if values else math.nan


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "|".join(["---"] + ["---:"] * (len(header) - 1)) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def ordered(results):
    """Program names in the order of the table of programs; unknown ones, of older results, last."""
    known = [program.name for program in programs.PROGRAMS if program.name in results]
    return known + [name for name in results if name not in known]


def engine_names(data, variants):
    """Those that ran something: wplug and its peers, or wplug and its own variants."""
    ran = [name for name in data["engines"] if any(name in row["cells"] for row in data["programs"].values())]
    if variants:
        return [name for name in ran if name == "wplug" or name.startswith(VARIANT_PREFIX)]
    return [name for name in ran if not name.startswith(VARIANT_PREFIX)]


def ratio(row, name, base):
    cells = row["cells"]
    if name not in cells or base not in cells or cells[base]["median"] <= 0:
        return None
    return cells[name]["median"] / cells[base]["median"]


def mean_ratio(rows, name, base):
    """Geometric mean over the programs both ran, or None; and how many they are."""
    ratios = [value for value in (ratio(row, name, base) for row in rows) if value]
    return (geomean(ratios) if ratios else None), len(ratios)


def selections(data):
    """(label, rows) of what a mean is taken over: all, held out, tuned on, and each group."""
    rows = data["programs"].values()
    yield "all programs", list(rows)
    yield "held out", [row for row in rows if row["held_out"]]
    yield "tuned on", [row for row in rows if not row["held_out"]]
    for group in programs.GROUPS:
        yield group, [row for row in rows if row["group"] == group]


def mean_table(data, base, names, label):
    lines = []
    for selection, rows in selections(data):
        if not rows:
            continue
        cells = [mean_ratio(rows, name, base) for name in names]
        lines.append([f"{selection} ({len(rows)})"] + ["–" if mean is None else
                     f"{mean:.2f}" + ("" if count == len(rows) else f" (of {count})") for mean, count in cells])
    return table([label] + names, lines)


def cell_text(cell):
    return f"{cell['median']:.3f}" + ("*" if len(cell["runs"]) < 5 else "")


def program_table(data, names, base=None):
    """User seconds, median; with `base` two more columns: how many times as long that engine and how many native takes."""
    lines, group = [], None
    for name in ordered(data["programs"]):
        row = data["programs"][name]
        if row["group"] != group:
            group = row["group"]
            lines.append([f"**{group}**"] + [""] * (len(names) + (2 if base else 0)))
        line = [name if row["held_out"] else f"{name} (tuned on)"]
        line += [cell_text(row["cells"][engine]) if engine in row["cells"] else "–" for engine in names]
        if base:
            line += [f"{value:.2f}" if value else "–" for value in (ratio(row, base, names[0]), ratio(row, names[0], "native"))]
        lines.append(line)
    return table(["user s"] + names + ([f"{base} ÷ {names[0]}", f"{names[0]} ÷ native"] if base else []), lines)


def compile_table(data):
    """What engines that compile and say so took for it, beside running."""
    names = [name for name in data["engines"] if any("compile" in row["cells"].get(name, {}) for row in data["programs"].values())]
    if not names:
        return ""
    rows = [[name] + [f"{cells[engine]['compile']:.3f}" if engine in cells else "–" for engine in names]
            for name, cells in ((name, data["programs"][name]["cells"]) for name in ordered(data["programs"]))]
    return table(["compiling, user s"] + names, rows)


def spread_note(cells):
    """The widest and the usual spread between runs, as a share of the median."""
    widths = sorted((cell["max"] - cell["min"]) / cell["median"] for cell in cells if cell["median"] > 0.05 and len(cell["runs"]) > 1)
    if not widths:
        return "No cell above 0.05 s was run more than once."
    return (f"Spread between the runs of one cell ((greatest − least) ÷ median): median {widths[len(widths) // 2]:.0%}, "
            f"widest {widths[-1]:.0%}.")


def program_cells(data):
    return [cell for row in data["programs"].values() for cell in row["cells"].values()]


def heading(data):
    info = data["machine"]
    lines = [f"- machine: {info['cpu']}, {info['cores']} cores, {info['system']}",
             f"- commit {info['commit']}, {info['date']}; load before the run {info['load_before']:.2f}, after it "
             f"{info.get('load_after', math.nan):.2f}; {data['runs']} interleaved runs, median"]
    lines += [f"- {name}: {version}" for name, version in data.get("engines", {}).items()]
    lines += [f"- {what}: `{flags}`" for what, flags in data.get("flags", {}).items()]
    return "\n".join(lines)


def notes(data):
    lines = [f"- not measured: {line}" for line in data.get("missing", [])] + [f"- failed: {line}" for line in data.get("failures", [])]
    return ["## What is missing", "", *lines, ""] if lines else []


def programs_part(data):
    peers, variants = engine_names(data, False), engine_names(data, True)
    base = next((name for name in peers if name not in ("wplug", "native")), None)
    parts = ["## User CPU seconds", "", program_table(data, peers, base), "",
             "\\* fewer than five runs. (tuned on): looked at when optimizations were chosen; the others never.", "",
             spread_note(program_cells(data)), "", "## In units of wplug, geometric means", "",
             mean_table(data, "wplug", peers, "time ÷ wplug's"), ""]
    if "native" in peers:
        parts += ["## In units of native, geometric means", "", mean_table(data, "native", peers, "time ÷ native's"), ""]
    if len(variants) > 1:
        parts += ["## Variants of wplug", "", program_table(data, variants), "", mean_table(data, "wplug", variants, "time ÷ wplug's"), ""]
    compiled = compile_table(data)
    return parts + (["## Compiling, apart from the times above", "", compiled, ""] if compiled else [])


def simd_table(data):
    """User seconds, median, of both forms, and how many times as fast the one with vectors is."""
    names = [name for name in data["engines"] if any(name in row for row in data["simd"].values())]
    rows, ratios = [], {name: [] for name in names}
    for program in ordered(data["simd"]):
        cells = [program]
        for name in names:
            forms = data["simd"][program].get(name, {})
            if len(forms) < 2 or forms["simd"]["median"] <= 0:
                cells += ["–"] * 3
                continue
            scalar, simd = forms["scalar"]["median"], forms["simd"]["median"]
            ratios[name].append(scalar / simd)
            cells += [f"{scalar:.3f}", f"{simd:.3f}", f"{scalar / simd:.2f}"]
        rows.append(cells)
    rows.append(["geomean"] + [cell for name in names for cell in ("", "", f"{geomean(ratios[name]):.2f}")])
    return table(["user s"] + [f"{name}, {form}" for name in names for form in ("scalar", "vectors", "times as fast")], rows)


def simd_part(data):
    cells = [cell for row in data["simd"].values() for forms in row.values() for cell in forms.values()]
    return ["## The same work in scalar code and with vectors", "", simd_table(data), "", spread_note(cells), ""]


def memory64_table(data):
    rows, ratios = [], []
    for name in ordered(data["memory64"]):
        forms = data["memory64"][name]
        if len(forms) < 2 or forms["wasm32"]["median"] <= 0:
            continue
        ratios.append(forms["wasm64"]["median"] / forms["wasm32"]["median"])
        rows.append([name, f"{forms['wasm32']['median']:.3f}", f"{forms['wasm64']['median']:.3f}", f"{ratios[-1]:.2f}"])
    return table(["user s", "wasm32", "wasm64", "wasm64 ÷ wasm32"], rows + [["geomean", "", "", f"{geomean(ratios):.2f}"]])


def memory64_part(data):
    return ["## The same programs compiled for 32-bit and 64-bit addresses", "", memory64_table(data), "",
            spread_note([cell for forms in data["memory64"].values() for cell in forms.values()]), ""]


def exceptions_table(data):
    return table(["one turn", "ns of user CPU time, median", "least", "greatest"],
                 [[row["what"], *(f"{row[part]:.1f}" for part in ("median", "min", "max"))] for row in data["exceptions"].values()])


def exceptions_part(data):
    return ["## Throwing and catching", "", exceptions_table(data), ""]


def edges_part(data):
    parts = []
    for title, key, header in (("Phases and edges", "phases", ["what", "median", "min", "max", "unit"]),
                               ("Cold start: a whole process", "start", ["program", "median", "min", "max", "unit"]),
                               ("Pipeline of three stages", "pipeline", ["plugins", "median", "min", "max", "unit"]),
                               ("Served over HTTP", "serve", ["what", "median", "min", "max", "unit"])):
        if key in data:
            rows = [[name, *(f"{row[part]:.4g}" for part in ("median", "min", "max")), row["unit"]]
                    for name, row in data[key].items()]
            parts += [f"## {title}", "", table(header, rows), ""]
    return parts


def markdown(part, data):
    body = {"programs": programs_part, "simd": simd_part, "memory64": memory64_part, "exceptions": exceptions_part,
            "edges": edges_part}[part](data)
    return "\n".join([f"# {PART_TITLES[part]}", "", "Written by `bench/run`; see [docs/performance.md](../../docs/performance.md).", "",
                      heading(data), "", *body, *notes(data)])


def programs_svg(data):
    """The chart of the held-out programs, and of the mean over them; None without native numbers."""
    names = [name for name in engine_names(data, False) if name != "native"]
    rows, group = [], None
    for name in ordered(data["programs"]):
        row = data["programs"][name]
        cells = {engine: value for engine in names if (value := ratio(row, engine, "native"))}
        if not row["held_out"] or not cells:
            continue
        if row["group"] != group:
            group = row["group"]
            rows.append((group, None))
        rows.append((name, cells))
    held_out = [row for row in data["programs"].values() if row["held_out"]]
    means = {name: mean_ratio(held_out, name, "native")[0] for name in names}
    rows += [("geometric mean", None), ("held out", {name: mean for name, mean in means.items() if mean})]
    return chart.programs_chart(rows, names, "Times as long as native, held-out programs (less is better)")
