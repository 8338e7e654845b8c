"""A chart as SVG text: for each program how many times the native program's time each engine takes, on a logarithmic axis."""
import math
from xml.sax.saxutils import escape

LABEL, PLOT, ROW, TOP, LEGEND = 150, 620, 17, 34, 20
COLORS = {"wplug": "#c2410c", "wasmi": "#1d4ed8", "wasm3": "#7c3aed", "WAMR": "#0f766e", "toywasm": "#a16207", "Pulley": "#64748b",
          "wazero interpreter": "#be185d", "wazero compiler": "#f472b6", "Winch": "#16a34a", "Cranelift": "#86efac"}
OTHER = "#94a3b8"


def text(x, y, words, anchor="start", size=11, fill="#334155", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}" '
            f'font-weight="{weight}">{escape(words)}</text>')


def programs_chart(rows, engines, title):
    """`rows`: (label, {engine: ratio to native} or None for a heading)."""
    ratios = [value for _, cells in rows if cells for value in cells.values()]
    if not ratios:
        return None
    low, high = math.floor(math.log2(min(*ratios, 1))), math.ceil(math.log2(max(ratios)))

    def place(ratio):
        return LABEL + PLOT * (math.log2(ratio) - low) / max(high - low, 1)
    width, bottom = LABEL + PLOT + 30, TOP + LEGEND + ROW * len(rows)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom + 28}" font-family="system-ui, sans-serif">',
             f"<title>{escape(title)}</title>", f'<rect width="{width}" height="{bottom + 28}" fill="#ffffff"/>',
             text(8, 18, title, size=13, weight="bold")]
    at = LABEL
    for name in engines:
        parts.append(f'<circle cx="{at}" cy="{TOP + 2}" r="4.5" fill="{COLORS.get(name, OTHER)}"/>' + text(at + 8, TOP + 6, name))
        at += 22 + 6.6 * len(name)
    for power in range(low, high + 1):
        x = place(2.0 ** power)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP + LEGEND - 6}" x2="{x:.1f}" y2="{bottom}" stroke="#e2e8f0"/>')
        parts.append(text(x, bottom + 16, f"{2.0 ** power:g}×", "middle", 10))
    for i, (label, cells) in enumerate(rows):
        y = TOP + LEGEND + ROW * (i + 0.5)
        if cells is None:
            parts.append(text(8, y + 4, label, weight="bold"))
            continue
        parts.append(text(LABEL - 8, y + 4, label, "end"))
        parts.append(f'<line x1="{LABEL}" y1="{y:.1f}" x2="{LABEL + PLOT}" y2="{y:.1f}" stroke="#f1f5f9"/>')
        for name in reversed(engines):
            if name in cells:
                color = COLORS.get(name, OTHER)
                parts.append(f'<circle cx="{place(cells[name]):.1f}" cy="{y:.1f}" r="{5 if name == engines[0] else 4}" '
                             f'fill="{color}"><title>{escape(f"{label}, {name}: {cells[name]:.2f} times native")}</title></circle>')
    return "\n".join([*parts, "</svg>", ""])
