# SPDX-License-Identifier: MIT
"""Plots as SVG files, drawn by gnuplot."""

import subprocess

import harness

HEAD = """
set terminal svg size 900,{height} font "sans-serif,12" background "white"
set output "{path}"
set title "{title}"
set ylabel "{ylabel}"
set key outside top center horizontal
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
set style line 1 lc rgb "#d62728" lw 2.5 pt 7
set style line 2 lc rgb "#1f77b4" lw 1.5 pt 5
set style line 3 lc rgb "#2ca02c" lw 1.5 pt 9
set style line 4 lc rgb "#9467bd" lw 1.5 pt 11
set style line 5 lc rgb "#8c564b" lw 1.5 pt 13
set style line 6 lc rgb "#7f7f7f" lw 1.5 pt 4
set style line 7 lc rgb "#e377c2" lw 1.5 pt 6
"""


def _gnuplot(script):
    done = subprocess.run(["gnuplot"], input=script.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    harness.check(done.returncode == 0, f"gnuplot: {done.stdout.decode()}\n{script}")


def _quoted(text):
    # An underscore would begin a subscript.
    return '"' + str(text).replace("_", "\\\\_").replace('"', "'") + '"'


def _styles(names):
    """mpring in red and bold, the others in a fixed order."""
    others = (f"ls {2 + n % 6}" for n in range(len(names)))
    return ["ls 1" if "mpring" in name else next(others) for name in names]


def _ticks(xs):
    """Those of the sorted xs that are far enough apart for their numbers."""
    kept = []
    for x in xs:
        if not kept or x >= 1.5 * kept[-1]:
            kept.append(x)
    return kept


def _head(path, title, ylabel, height, logarithmic):
    text = HEAD.format(path=path, title=title, ylabel=ylabel, height=height)
    return text + ("set logscale y\n" if logarithmic else "set yrange [0:*]\n")


def lines(path, title, xlabel, ylabel, series, logarithmic=False):
    """{name: [(x, y)...]} as lines over a logarithmic x axis."""
    script = _head(path, title, ylabel, 420, logarithmic)
    script += f'set xlabel "{xlabel}"\nset logscale x 2\nset offsets graph 0.02, graph 0.02\n'
    for number, points in enumerate(series.values()):
        script += f"$data{number} << END\n" + "".join(f"{x} {y}\n" for x, y in points) + "END\n"
    xs = sorted({x for points in series.values() for x, _ in points})
    script += "set xtics (" + ", ".join(str(x) for x in _ticks(xs)) + ")\n"
    script += "plot " + ", ".join(
        f"$data{number} using 1:2 with linespoints {style} title {_quoted(name)}"
        for number, (name, style) in enumerate(zip(series, _styles(series)))) + "\n"
    _gnuplot(script)


def bars(path, title, ylabel, groups, logarithmic=False):
    """{group: {name: value or None}} as a cluster of bars for each group."""
    names = list(next(iter(groups.values())))
    script = _head(path, title, ylabel, 460, logarithmic)
    script += ("set style data histograms\nset style histogram clustered gap 1\n"
               "set style fill solid 0.9 noborder\nset xtics rotate by -30 left\n$data << END\n")
    for group, values in groups.items():
        script += _quoted(group) + "".join(
            f" {'?' if values.get(name) is None else values[name]}" for name in names) + "\n"
    script += "END\nset datafile missing '?'\nplot " + ", ".join(
        f"$data using {column + 2}:xtic(1) {style} title {_quoted(name)}"
        for column, (name, style) in enumerate(zip(names, _styles(names)))) + "\n"
    _gnuplot(script)
