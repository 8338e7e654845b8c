"""Results as markdown tables."""
import math


def geomean(values):
    values = list(values)
    return math.exp(sum(math.log(value) for value in values) / len(values)) if values else math.nan


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "|".join(["---"] + ["---:"] * (len(header) - 1)) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def kernel_table(results, engines):
    """User seconds, median; the last rows are geometric means of the ratio to the first engine and to native, over the
    kernels that both ran."""
    names = [engine for engine in engines if any(engine in row for row in results.values())]
    rows = []
    for kernel, row in results.items():
        rows.append([kernel] + [f"{row[name]['median']:.3f}" if name in row else "–" for name in names])
    for label, base in ((f"geomean, in units of {names[0]}", names[0]), ("geomean, in units of native", "native")):
        cells = [label]
        for name in names:
            ratios = [row[name]["median"] / row[base]["median"] for row in results.values()
                      if name in row and base in row and row[base]["median"] > 0]
            cells.append(f"{geomean(ratios):.2f}" if ratios else "–")
        rows.append(cells)
    return table(["kernel, user s"] + names, rows)


def simd_table(results, engines):
    """User seconds, median, of both forms, and how many times as fast the one with vectors is."""
    names = [engine for engine in engines if any(engine in row for row in results.values())]
    rows, ratios = [], {name: [] for name in names}
    for kernel, row in results.items():
        cells = [kernel]
        for name in names:
            forms = row.get(name, {})
            if len(forms) < 2:
                cells += ["–"] * 3
                continue
            scalar, simd = forms["scalar"]["median"], forms["simd"]["median"]
            ratios[name].append(scalar / simd)
            cells += [f"{scalar:.3f}", f"{simd:.3f}", f"{scalar / simd:.2f}"]
        rows.append(cells)
    rows.append(["geomean"] + [cell for name in names for cell in ("", "", f"{geomean(ratios[name]):.2f}")])
    return table(["kernel, user s"] + [f"{name}, {form}" for name in names for form in ("scalar", "vectors", "times as fast")], rows)


def spread_note(results):
    """The widest spread of any cell, as a share of its median."""
    widths = [(cell["max"] - cell["min"]) / cell["median"] for row in results.values() for cell in row.values()
              if cell["median"] > 0.05]
    return f"widest spread between the runs of one cell: {max(widths):.0%}" if widths else "no cell above 0.05 s"


def heading(info, engines):
    lines = [f"- machine: {info['cpu']}, {info['cores']} cores, {info['system']}",
             f"- commit {info['commit']}, {info['date']}; load before the run {info['load_before']:.2f}"]
    lines += [f"- {name}: {version}" for name, version in engines.items()]
    return "\n".join(lines)


def markdown(data):
    parts = ["# Benchmark results", "", "Written by `bench/run`; see `docs/performance.md` for what they mean.", "",
             heading(data["machine"], data["engines"]), ""]
    if "kernels" in data:
        parts += [f"## Kernels: user CPU seconds, median of {data['runs']} interleaved runs", "",
                  kernel_table(data["kernels"], list(data["engines"])), "", spread_note(data["kernels"]), ""]
        parts += [f"- {failure}" for failure in data.get("failures", [])] + [""]
    if "simd" in data:
        parts += [f"## Vectors: user CPU seconds, median of {data['runs']} interleaved runs", "",
                  simd_table(data["simd"], list(data["engines"])), "",
                  spread_note({f"{kernel}, {name}": forms for kernel, row in data["simd"].items() for name, forms in row.items()}), ""]
        if "kernels" not in data:
            parts += [f"- {failure}" for failure in data.get("failures", [])] + [""]
    for title, key, header in (("Phases and edges", "phases", ["what", "median", "min", "max", "unit"]),
                               ("Cold start: wall time of a whole process", "start", ["program", "median", "min", "max", "unit"]),
                               ("Pipeline of three stages", "pipeline", ["plugins", "median", "min", "max", "unit"]),
                               ("Served over HTTP", "serve", ["what", "median", "min", "max", "unit"])):
        if key in data:
            rows = [[name, *(f"{row[part]:.4g}" for part in ("median", "min", "max")), row["unit"]]
                    for name, row in data[key].items()]
            parts += [f"## {title}", "", table(header, rows), ""]
    return "\n".join(parts)
