#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Put what "bench --json" found into doc/performance and its plot.

    bench/report.py <bench.json               # into this source tree's doc/
    bench/report.py --output=DIR <bench.json  # performance and performance.svg

Lines that are not JSON objects are passed over, so the whole output of make
will do.  The text between the two lines of doc/performance that begin with
"[table" is replaced; everything else there is written by hand.
"""
import html
import json
import math
import os
import sys
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
DOC = os.path.join(HERE, "..", "doc")


# --- Reading -----------------------------------------------------------------


def read(stream):
    records = []
    for line in stream:
        if line.startswith("{"):
            records.append(json.loads(line))
    return records


def of_type(records, kind):
    return [r for r in records if r["type"] == kind]


def all_results(records):
    """By row; within it as they were measured."""
    return sorted(of_type(records, "result"), key=lambda r: int(r["row"]))


# --- Numbers for people ------------------------------------------------------


def digits(value):
    size = abs(value)
    return f"{value:.2f}" if size < 9.995 else \
        f"{value:.1f}" if size < 99.95 else f"{value:.0f}"


def scaled(value, step, units):
    for unit in units[:-1]:
        if abs(value) < step:
            return f"{digits(value)} {unit}"
        value /= step
    return f"{digits(value)} {units[-1]}"


def time_text(ns):
    return scaled(ns, 1000, ["ns", "us", "ms", "s"])


def size_text(size):
    units = ["B", "KiB", "MiB", "GiB", "TiB"]
    whole = size
    for unit in units:
        if whole < 1024 and whole == int(whole):
            return f"{int(whole)} {unit}"
        whole /= 1024
    return scaled(size, 1024, units)


def ratio_text(ratio):
    return f"{ratio:.6f}" if ratio < 0.001 else \
        f"{ratio:.4f}" if ratio < 0.1 else f"{ratio:.3f}"


# --- The table ---------------------------------------------------------------

# A title for each row, and the reason of its goals.
ROWS = {
    "1": ("Mapping, and what a call adds to the system call",
          "A program must not pay for the comfort: 2 % of the bare calls is "
          "what the checks may cost, and no other library may be faster."),
    "2": ("Residency: vector and count",
          "The vector is mincore(2) for all, so nobody may be faster.  "
          "cachestat(2) counts folios: a hundredth where they have 2 MiB.  In "
          "single pages there is nothing to gain, and 5 % to lose at most."),
    "3": ("List of cached runs",
          "A list must cost what is cached and not what the file has: a "
          "twentieth where runs are long.  Where each page has to be looked "
          "at, trying otherwise may cost 10 %."),
    "4": ("A sparse file",
          "Nothing is cached, so the size must not matter.  A ten-thousandth "
          "stands for that."),
    "5": ("Populating what is cached",
          "The kernel has two ways, and which is faster depends on the "
          "folios.  The library has to find it: 5 % above the better one "
          "where that maps 2 MiB at once, a quarter below it elsewhere, by "
          "touching one page of sixteen."),
    "6": ("Loading into the cache",
          "Large requests keep a disk busy: two thirds of the time of single "
          "pages.  What is cached needs no read.  And the load is for the "
          "program that comes after it, which large folios make ten times as "
          "fast."),
    "7": ("Guarded copies and scans",
          "A guard has to be cheap enough to be left in place: 20 ns for a "
          "small copy, and nothing that is noticed for large ones and scans.  "
          "The calls that a program would make instead cost twenty times as "
          "much."),
    "8": ("Evicting what is mapped",
          "It has to free what others leave without a word.  To look for the "
          "mappings may cost 30 % of the plain call."),
    "9": ("Growing and appending",
          "Page tables move, and no data: 15 % of mapping anew where a fault "
          "maps 2 MiB, 2 % where it maps a page.  To write zeros first has to "
          "save a fifth, or it is not worth its code."),
    "10": ("Sync of 1 % of the pages",
           "What the manual advises has to pay: one page is written and not "
           "2 MiB around it."),
    "11": ("Status of many small files",
           "One call takes the place of three: half of the time."),
    "12": ("Places read ahead",
           "It has to be worth a call: a quarter of the time of a program "
           "that waits for each record, and at most half as much again as "
           "the disk itself takes.  A place that is cached costs 250 ns at "
           "most, so that nobody has to find out first."),
    "13": ("Reading ahead with little memory",
           "Databases read with O_DIRECT in threads when memory is short.  A "
           "mapping has to do it in two thirds of that time, and must not "
           "lose its hot set."),
    "14": ("Private changes into the file",
           "A commit writes pages where msync(2) writes folios.  Where both "
           "write the same, the copies may cost a quarter more.  An atomic "
           "commit writes twice and waits three times."),
    "15": ("Populating what is not cached",
           "As row 6: two thirds.  Advice that was given before must not "
           "matter: 10 %."),
    "16": ("Trees of small files",
           "Many files are under way at once: a third of the time of one "
           "after the other.  Evicting is one call for each file here and "
           "there: 10 %.  Status: as row 11."),
    "17": ("Files far away",
           "Where each answer takes long, only the number of questions under "
           "way counts."),
    "18": ("Restoring a snapshot",
           "Reading all of the files is what one would do without a "
           "snapshot: to restore a part must not take longer, nor bring in "
           "more than was noted.  10 % are for the reading of the snapshot."),
    "19": ("Without cachestat(2)",
           "Older kernels leave what vmtouch does: 5 %."),
}


def is_time(result):
    return result["measure"].startswith("time")


def value(result, who):
    which = "wall" if is_time(result) else "bytes"
    amount = result[who][which]["median"]
    if result["measure"] == "count":
        return f"{amount:.0f}"
    return time_text(amount) if is_time(result) else size_text(amount)


def relation(result, which):
    amount = result["relation"][which]
    if result["measure"] == "time difference":
        return f"{amount:+.1f} ns"
    if result["measure"] == "count":
        return f"{amount:.0f}"
    return ratio_text(amount)


def short(text):
    """0.0500 as 0.05."""
    number, _, unit = text.partition(" ")
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return (number + " " + unit).strip()


def goal_text(result):
    if "goal" not in result:
        return ""
    goal = result["goal"]
    if result["measure"] == "time difference":
        text = f"<= +{goal:.0f} ns"
    elif result["measure"] == "bytes share":
        text = ">= " + short(ratio_text(goal))
    elif result["measure"] == "count":
        text = f"<= {goal:.0f}"
    else:
        text = "<= " + short(ratio_text(goal))
    return text + ("  met" if result["met"] else "  not met")


def machine_lines(records):
    for machine in of_type(records, "machine"):
        for name, what in machine.items():
            if name != "type":
                yield f"    {name:13}{what}"


def row_lines(row):
    title, why = ROWS[row]
    yield ""
    yield f"Row {row}: {title}"
    yield from textwrap.wrap("Goals: " + why, 78, initial_indent="  ",
                             subsequent_indent="  ", break_on_hyphens=False)


def table_lines(records):
    """The goals of each row, a heading for each contest in it, and a line for
    each peer."""
    last = None
    row = None
    for result in all_results(records):
        if result["row"] != row:
            row = result["row"]
            yield from row_lines(row)
        state = result["state"]
        head = (result["row"], result["work"], state,
                result["ours"]["name"], is_time(result))
        if head != last:
            last = head
            work = result["work"]
            if state not in ("", "-"):
                work += f", {state}"
            yield ""
            yield f"{result['row']:3} {work:37} " \
                  f"{result['ours']['name']:19}{value(result, 'ours'):>9}"
        spread = f"{relation(result, 'min')} - {relation(result, 'max')}"
        line = f"      {result['theirs']['name']:20}" \
               f"{value(result, 'theirs'):>9}  " \
               f"{relation(result, 'median'):>9}  {spread:21}" \
               f"{goal_text(result)}"
        yield line.rstrip()


def series_lines(records):
    for series in of_type(records, "series"):
        state = series["state"]
        yield ""
        yield f"{series['series']}, {series['name']}" \
            + (f", {state}" if state not in ("", "-") else "")
        line = "   "
        for size, ns in series["points"]:
            point = f" {size_text(size)} {time_text(ns)},"
            if len(line + point) > 79:
                yield line
                line = "   "
            line += point
        yield line.rstrip(",")


def skip_lines(records):
    for skip in of_type(records, "skip"):
        row = skip["row"]
        yield "    SKIPPED: " + (f"row {row}: " if row else "") + skip["text"]


def note_lines(records):
    for note in of_type(records, "note"):
        if note["text"].startswith(("row ", "took ", "WRONG")):
            yield "    " + note["text"]


def report(records):
    lines = list(machine_lines(records))
    lines += skip_lines(records)
    lines += note_lines(records)
    lines += table_lines(records)
    lines += ["", "Cost by size"]
    lines += series_lines(records)
    return lines


def put_into(text, lines):
    """Replace what is between the marks."""
    begins, rest = text.split("[table begins]\n")
    _, ends = rest.split("[table ends]\n")
    return begins + "[table begins]\n\n" + "\n".join(lines) \
        + "\n\n[table ends]\n" + ends


# --- The plot ----------------------------------------------------------------

INK = "#1f2933"
FAINT = "#7b8794"
LINE = "#d9dee4"
MET = "#1f77b4"
MISSED = "#d62839"
WIDTH = 960
LABEL = 400  # where the plot begins
STEP = 17


class Svg:
    def __init__(self):
        self.parts = []

    def line(self, x1, y1, x2, y2, colour, width=1.0, dash=""):
        dash = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}" stroke-width="{width}"{dash}/>')

    def dot(self, x, y, radius, colour):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" '
                          f'fill="{colour}"/>')

    def text(self, x, y, text, colour=INK, size=11, anchor="start", bold=False):
        weight = ' font-weight="600"' if bold else ""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}" '
            f'text-anchor="{anchor}"{weight}>{html.escape(text)}</text>')

    def path(self, points, colour, dash=""):
        dash = f' stroke-dasharray="{dash}"' if dash else ""
        steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{steps}" fill="none" '
                          f'stroke="{colour}" stroke-width="2"{dash}/>')

    def whole(self, height):
        return "\n".join(
            ['<svg xmlns="http://www.w3.org/2000/svg" '
             f'viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
             f'height="{height:.0f}" '
             'font-family="Helvetica, Arial, DejaVu Sans, sans-serif">',
             "<!-- SPDX-License-Identifier: MIT; made by bench/report.py -->",
             f'<rect width="{WIDTH}" height="{height:.0f}" fill="white"/>']
            + self.parts + ["</svg>"]) + "\n"


def plotted(records):
    return [r for r in all_results(records)
            if r["measure"] in ("time ratio", "bytes ratio") and "goal" in r
            and r["relation"]["median"] > 0]


def ratio_panel(svg, results, top):
    """One line for each comparison, by row.  The y where it ends."""
    low = min([-4] + [math.floor(math.log10(r["relation"]["median"]))
                      for r in results])
    left, right = LABEL, WIDTH - 80

    def x_of(ratio):
        at = max(low, min(math.log10(ratio), 0.7))
        return left + (at - low) / (0.7 - low) * (right - left)

    groups = []
    for result in results:
        if not groups or groups[-1][0] != result["row"]:
            groups.append((result["row"], []))
        groups[-1][1].append(result)
    height = sum(STEP * (len(g) + 1.6) for _, g in groups)
    bottom = top + height
    for exponent in range(low, 1):
        x = x_of(10 ** exponent)
        name = "1" if exponent == 0 else f"{10.0 ** exponent:.{-exponent}f}"
        svg.line(x, top, x, bottom, INK if exponent == 0 else LINE,
                 1.2 if exponent == 0 else 1)
        svg.text(x, top - 6, name, FAINT, 10, "middle")
    svg.text(x_of(1) + 5, top + 10, "slower", FAINT, 10)
    svg.text(x_of(1) - 5, top + 10, "faster", FAINT, 10, "end")
    y = top
    for row, group in groups:
        y += STEP * 1.4
        svg.text(20, y, f"{row}  {ROWS[row][0]}", INK, 12, bold=True)
        for result in group:
            y += STEP
            one_ratio(svg, result, x_of, y)
        y += STEP * 0.2
    return bottom


def one_ratio(svg, result, x_of, y):
    colour = MET if result["met"] else MISSED
    spread = result["relation"]
    work = result["work"]
    if result["state"] not in ("", "-"):
        work += f", {result['state']}"
    if result["measure"] == "bytes ratio":
        work += ", bytes"
    if result["ours"]["name"].startswith("mmapx "):
        work += f" ({result['ours']['name']})"
    middle = y - 4
    svg.text(34, y, work, INK)
    svg.text(LABEL - 10, y, result["theirs"]["name"], FAINT, 11, "end")
    svg.line(x_of(spread["low"]), middle, x_of(spread["high"]), middle,
             colour + "55", 4)
    goal = x_of(result["goal"])
    svg.line(goal, middle - 5, goal, middle + 5, FAINT, 1.5)
    svg.dot(x_of(spread["median"]), middle, 4, colour)
    svg.text(WIDTH - 16, y, short(ratio_text(spread["median"])),
             colour, 11, "end", True)


# What is drawn of the series: name, state, colour, dash.
LINES = [
    ("list", "mincore, byte by byte", "S", "#7b8794", "", "mincore loop"),
    ("vector", "mmapx_residency", "S", "#2a9d8f", "", "mmapx_residency"),
    ("count", "mmapx_cache_stat", "S", "#e07a1f", "",
     "mmapx_cache_stat, pages of 4 KiB"),
    ("count", "mmapx_cache_stat", "L", "#1f77b4", "",
     "mmapx_cache_stat, folios of 2 MiB"),
    ("list", "mmapx_cache_runs", "-", "#8e5ea2", "",
     "mmapx_cache_runs, sparse file"),
    ("map + unmap", "mmapx_map", "-", "#1f2933", "5 4", "mmapx_map + unmap"),
]


def find_series(records, line):
    for series in of_type(records, "series"):
        if (series["series"], series["name"], series["state"]) == line[:3] \
                and series["points"]:
            return series["points"]
    return []


def growth_panel(svg, records, top):
    """Time by size, both logarithmic."""
    left, right, height = 80, WIDTH - 290, 360
    bottom = top + height
    chosen = [(line, find_series(records, line)) for line in LINES]
    chosen = [(line, points) for line, points in chosen if points]
    if not chosen:
        return top
    every = [ns for _, points in chosen for _, ns in points]
    sizes = [size for _, points in chosen for size, _ in points]
    low = math.floor(math.log10(min(every)))
    high = math.ceil(math.log10(max(every)))
    first, last = math.log2(min(sizes)), math.log2(max(sizes))

    def place(size, ns):
        return (left + (math.log2(size) - first) / (last - first)
                * (right - left),
                bottom - (math.log10(ns) - low) / (high - low) * height)

    for exponent in range(low, high + 1):
        _, y = place(min(sizes), 10 ** exponent)
        svg.line(left, y, right, y, LINE)
        svg.text(left - 8, y + 4, short(time_text(10.0 ** exponent)), FAINT, 10,
                 "end")
    size = min(sizes)
    while size <= max(sizes):
        x, _ = place(size, 10 ** low)
        svg.line(x, bottom, x, bottom + 4, FAINT)
        svg.text(x, bottom + 17, size_text(size), FAINT, 10, "middle")
        size *= 8
    used = []
    for line, points in sorted(chosen, key=lambda c: -c[1][-1][1]):
        spots = [place(size, ns) for size, ns in points]
        svg.path(spots, line[3], line[4])
        for x, y in spots:
            svg.dot(x, y, 2.6, line[3])
        x, y = spots[-1]
        at = y + 4
        while any(abs(at - other) < 15 for other in used):
            at += 1
        used.append(at)
        svg.line(x + 6, y, right + 8, at - 4, line[3] + "66", 1, "1 3")
        svg.text(right + 12, at, line[5], line[3], 11, bold=True)
    return bottom + 30


def plot(records):
    svg = Svg()
    results = plotted(records)
    met = sum(r["met"] for r in results)
    svg.text(20, 34, "libmmapx against its peers", INK, 20, bold=True)
    svg.text(20, 54, "Time (or bytes) of the library divided by that of the "
             "peer named: median and middle half of the rounds.",
             FAINT, 12)
    svg.text(20, 71, f"The grey mark is the goal: {met} of {len(results)} are "
             "met.  L: folios of 2 MiB, M: 1 MiB, S: single pages, 1r and 1c: "
             "1 % of the pages cached, at random and in clusters.", FAINT, 12)
    y = ratio_panel(svg, results, 106)
    svg.text(20, y + 50, "How the cost grows", INK, 16, bold=True)
    svg.text(20, y + 68, "Time by the size of the file; both scales are "
             "logarithmic.", FAINT, 12)
    y = growth_panel(svg, records, y + 92)
    return svg.whole(y + 16)


# -----------------------------------------------------------------------------


def main(arguments):
    output = DOC
    for argument in arguments:
        if argument == "--help":
            print(__doc__)
            return 0
        if not argument.startswith("--output="):
            print(f"report: unknown argument: {argument}", file=sys.stderr)
            return 2
        output = argument.partition("=")[2]
    records = read(sys.stdin)
    if not of_type(records, "result"):
        print("report: no results in the input", file=sys.stderr)
        return 1
    with open(os.path.join(DOC, "performance"), encoding="utf-8") as source:
        text = source.read()
    with open(os.path.join(output, "performance"), "w",
              encoding="utf-8") as out:
        out.write(put_into(text, report(records)))
    with open(os.path.join(output, "performance.svg"), "w",
              encoding="utf-8") as out:
        out.write(plot(records))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
