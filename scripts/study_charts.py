"""Line charts as inline SVG for study_report.py, readable on light and dark backgrounds."""

import html
import math

# The colours of Okabe and Ito, distinguishable for colour-blind readers. The second round is dashed,
# the third dotted.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999933"]
DASHES = ["", "6 3", "2 3"]

WIDTH, HEIGHT = 560.0, 340.0
LEFT, RIGHT, TOP, BOTTOM = 60.0, 12.0, 10.0, 38.0

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #6b7280; --rule: #d4d8dd; --ground: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --faint: #9aa3ad; --rule: #3a4149; --ground: #15181c; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
  max-width: 1180px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p.note { color: var(--faint); max-width: 75ch; }
.plots { display: flex; flex-wrap: wrap; gap: 1.5rem; }
figure { margin: 0; flex: 1 1 480px; } figcaption { font-weight: 600; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
.grid { stroke: var(--rule); stroke-width: 1; } .axis { stroke: var(--faint); stroke-width: 1; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; font-size: 13px; padding: 0; margin: .2rem 0; }
.legend li { list-style: none; white-space: nowrap; } .legend svg { width: 26px; height: 8px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--rule);
  white-space: nowrap; }
th:first-child, td:first-child, .words td, .words th { text-align: left; }
.words td { white-space: normal; overflow-wrap: anywhere; }
"""


def stroke(index):
    """The SVG stroke attributes of series number `index`."""
    dash = DASHES[index // len(COLOURS) % len(DASHES)]
    style = f'stroke="{COLOURS[index % len(COLOURS)]}" stroke-width="2"'
    return style + (f' stroke-dasharray="{dash}"' if dash else "")


def short(value):
    """An axis label: 1000 -> 1k."""
    for factor, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:g}{unit}"
    return f"{value:.3g}"


class LogScale:
    """A logarithmic scale with labels at decades, or at the values (`at_values`)."""

    def __init__(self, values, at_values=False):
        low, high = math.log10(min(values)), math.log10(max(values))
        if at_values:
            self.low, self.high = low - 0.05, high + 0.05
            self.ticks = sorted(set(values))
        else:
            self.low, self.high = math.floor(low), max(math.floor(low) + 1, math.ceil(high))
            self.ticks = [10.0**d for d in range(self.low, self.high + 1)]

    def share(self, value):
        return (math.log10(value) - self.low) / (self.high - self.low)


class LinearScale:
    """A linear scale with about five round labels, starting at zero if `from_zero`."""

    def __init__(self, values, from_zero=True):
        low, high = (0.0 if from_zero else min(values)), max(values)
        rough = max(high - low, 1e-12) / 5.0
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough)
        self.low = math.floor(low / step) * step
        self.high = max(math.ceil(high / step), math.floor(low / step) + 1) * step
        count = round((self.high - self.low) / step)
        self.ticks = [round(self.low + i * step, 12) for i in range(count + 1)]

    def share(self, value):
        return (value - self.low) / (self.high - self.low)


def text(x, y, anchor, words):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>'


def axes(x_scale, y_scale, x_of, y_of, x_title):
    svg = []
    for tick in y_scale.ticks:
        y = y_of(tick)
        svg.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" class="grid"/>')
        svg.append(text(LEFT - 6, y + 4, "end", short(tick)))
    free_from = 0.0  # labels that would overlap are left out
    for tick in x_scale.ticks:
        if x_of(tick) >= free_from:
            svg.append(text(x_of(tick), HEIGHT - 20, "middle", short(tick)))
            free_from = x_of(tick) + 34.0
    bottom = HEIGHT - BOTTOM
    svg.append(f'<line x1="{LEFT}" y1="{bottom}" x2="{WIDTH - RIGHT}" y2="{bottom}" class="axis"/>')
    svg.append(text((LEFT + WIDTH) / 2, HEIGHT - 5, "middle", x_title))
    return svg


def figure(caption, x_title, series, log_x=False, log_y=False, styles=None):
    """A chart of {name: [(x, y), ...]} as HTML; "" without points. Logarithmic axes leave out values
    that are not positive. `styles` {name: number} fixes the colour of a name across charts."""
    kept = {}
    for name, points in series.items():
        points = sorted((x, y) for x, y in points if (x > 0 or not log_x) and (y > 0 or not log_y))
        if points:
            kept[name] = points
    if not kept:
        return ""
    everything = [point for points in kept.values() for point in points]
    xs, ys = [x for x, _ in everything], [y for _, y in everything]
    x_scale = LogScale(xs, at_values=True) if log_x else LinearScale(xs)
    y_scale = LogScale(ys) if log_y else LinearScale(ys, from_zero=False)

    def x_of(value):
        return LEFT + x_scale.share(value) * (WIDTH - LEFT - RIGHT)

    def y_of(value):
        return TOP + (1.0 - y_scale.share(value)) * (HEIGHT - TOP - BOTTOM)

    svg = axes(x_scale, y_scale, x_of, y_of, x_title)
    legend = []
    for place, (name, points) in enumerate(kept.items()):
        number = styles[name] if styles else place
        line = stroke(number)
        path = "L".join(f"{x_of(x):.1f} {y_of(y):.1f}" for x, y in points)
        svg.append(f'<path d="M{path}" fill="none" {line}/>')
        for x, y in points:
            svg.append(f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="2.5" '
                       f'fill="{COLOURS[number % len(COLOURS)]}">'
                       f"<title>{html.escape(name)}: {short(x)}, {y:.4g}</title></circle>")
        legend.append('<li><svg viewBox="0 0 26 8"><line x1="0" y1="4" x2="26" y2="4" '
                      f"{line}/></svg> {html.escape(name)}</li>")
    return (f"<figure><figcaption>{html.escape(caption)}</figcaption>"
            f'<svg viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" '
            f'aria-label="{html.escape(caption)}">{"".join(svg)}</svg>'
            f'<ul class="legend">{"".join(legend)}</ul></figure>\n')
