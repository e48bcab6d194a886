# SPDX-License-Identifier: MIT
"""The page about performance: tables and plots of the results of all benches."""

import os
import statistics

import access_cost
import guest_fio
import plots
import scale
import waiting

PLOTS = "performance"   # folder of the plots, beside the page

INTRODUCTION = """# Performance

What mpring costs and gains, measured on one machine by `bench/report`. All
figures are medians; a ratio compares figures of one run of one bench, on the same
file, with the contenders alternating. Where a bench takes several runs, lowest
and highest are given beside the median: where they are far apart, the machine was
not quiet, and the median means little.
"""


def table(head, rows):
    """A Markdown table; all columns but the first are numbers."""
    def line(cells):
        return "| " + " | ".join(str(cell) for cell in cells) + " |"
    lines = [line(head), "|---|" + "---:|" * (len(head) - 1)] + [line(row) for row in rows]
    return "\n".join(lines) + "\n"


def number(value, digits=None):
    if value is None:
        return ""
    if digits is None:
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def between(figures, digits=None):
    return f"{number(min(figures), digits)} to {number(max(figures), digits)}"


class Page:
    """Collects the text; the plots are drawn at once."""

    def __init__(self, folder, results):
        self.folder = folder
        self.results = results      # {bench: what bench/report keeps}
        self.text = INTRODUCTION
        os.makedirs(os.path.join(folder, PLOTS), exist_ok=True)

    def data(self, bench):
        return self.results[bench]["data"] if bench in self.results else None

    def add(self, *texts):
        self.text += "\n" + "\n".join(texts)

    def plot(self, name, alternative, draw, *arguments, **settings):
        draw(os.path.join(self.folder, PLOTS, f"{name}.svg"), *arguments, **settings)
        self.add(f"![{alternative}]({PLOTS}/{name}.svg)\n")

    def write(self):
        with open(os.path.join(self.folder, "performance.md"), "w", encoding="utf-8") as f:
            f.write(self.text)


# ---- Figures by name -----------------------------------------------------


# Where ring_latency found the two processors, the most telling place first.
PLACES = {"near": "processors that share a cache", "far": "processors far apart",
          "together": "threads of one core"}


def by_place(data):
    """{place: {name: measure}}, of the places where all that polls was measured."""
    places = {place: {m["name"]: m for m in data["measures"] if m["placement"] == place}
              for place in PLACES} if data else {}
    most = max((len(measures) for measures in places.values()), default=0)
    return {place: measures for place, measures in places.items() if 2 * len(measures) > most}


class Figures:
    """The figures that goals are about; None where they were not measured."""

    def __init__(self, page):
        self.ring = by_place(page.data("ring_latency"))
        self.peers = by_place(page.data("ring_peers"))
        self.access = (page.data("access_cost") or {}).get("results", {})
        self.blk = {(r["job"], r["by"]): r
                    for r in (page.data("blk_iops") or {}).get("results", [])}
        self.fio = (page.data("guest_fio") or {}).get("results", {})

    def places(self):
        return [place for place in PLACES if place in self.ring or place in self.peers] or ["near"]

    def ring_ns(self, place, name):
        return self.ring.get(place, {}).get(name, {}).get("p50_ns")

    def ring_ratio(self, place, name, to):
        return ratio(self.ring_ns(place, name), self.ring_ns(place, to))

    def rate(self, place, name):
        return self.peers.get(place, {}).get(name, {}).get("millions_per_second")

    def best_peer(self, place, kind, names=""):
        """Of messages of 56 and 64 bytes: mpring's line carries 56, and is 64."""
        rates = [m["millions_per_second"] for name, m in self.peers.get(place, {}).items()
                 if name.endswith((f"-{kind}-56", f"-{kind}-64")) and
                 name.startswith(names) and not name.startswith("mpring")]
        return max(rates, default=None)

    def cost(self, accel, access, kind):
        figures = self.access.get(accel, {}).get(access, {}).get(kind)
        return statistics.median(figures) if figures else None

    def cost_ratio(self, accel, access, kind, to):
        return ratio(self.cost(accel, access, kind), self.cost(accel, access, to))

    def cost_over(self, accel, access):
        """mpring's cost above QEMU's own adapter's, in ns."""
        ours, own = self.cost(accel, access, "mpring"), self.cost(accel, access, "lsi")
        return None if ours is None or own is None else ours - own

    def blk_ratio(self, job, name):
        ratios = [r.get(name) for (j, by), r in self.blk.items()
                  if j == job and by.startswith("mpring") and r.get(name)]
        return max(ratios, default=None) if name == "iops_ratio" else min(ratios, default=None)

    def iops(self, job, config):
        runs = self.fio.get(job, {}).get(config)
        return statistics.median(run["iops"] for run in runs) if runs else None

    def own_iops(self, job):
        """QEMU's own LSI adapter, the better of its ways."""
        return max((iops for iops in (self.iops(job, "lsi-io_uring"), self.iops(job, "lsi-threads"))
                    if iops), default=None)


def ratio(one, other):
    return one / other if one is not None and other else None


def goals(f):
    """What, the goal as text, the figure, whether it is reached."""
    def at_most(what, limit, value, unit=""):
        return what, f"at most {limit}{unit}", value, value is not None and value <= limit

    def at_least(what, limit, value):
        return what, f"at least {limit}", value, value is not None and value >= limit

    rows = []
    for place in f.places():
        where = PLACES[place]
        rows += [
            at_most(f"channel read round trip / bare two-line round trip, {where}", 1.0,
                    f.ring_ratio(place, "read", "two_lines")),
            at_most(f"ring round trip / bare two-line round trip, {where}", 1.05,
                    f.ring_ratio(place, "ring", "two_lines")),
            at_least(f"streaming one by one, items of one line / best peer's, {where}", 3.5,
                     ratio(f.rate(place, "mpring-stream-56"), f.best_peer(place, "stream"))),
            at_least(f"batches, items of one line / rte_ring's, {where}", 1.5,
                     ratio(f.rate(place, "mpring-batch-56"),
                           f.best_peer(place, "batch", "rte_ring"))),
            at_most(f"posted write, {where}", 15, f.ring_ns(place, "write_stream"), " ns"),
            at_most(f"shadow read, {where}", 10, f.ring_ns(place, "shadow_read"), " ns"),
            at_most(f"channel read round trip, {where}", 470, f.ring_ns(place, "read"), " ns"),
        ]
    rows += [
        at_most("guest posted write above in-process, TCG", 100,
                f.cost_over("tcg", "mmio_write_scratcha"), " ns"),
        at_most("guest posted write, mpring / in-process, KVM", 1.05,
                f.cost_ratio("kvm", "mmio_write_scratcha", "mpring", "lsi")),
    ]
    for access, what in (("mmio_read_istat0", "ISTAT0, no side effects"),
                         ("mmio_read_dstat", "DSTAT, side effects")):
        rows += [
            at_most(f"guest BAR read ({what}) above in-process, TCG", 400,
                    f.cost_over("tcg", access), " ns"),
            at_least(f"guest BAR read ({what}), Multi-process QEMU / mpring, TCG", 40,
                     f.cost_ratio("tcg", access, "mpqemu", "mpring")),
            at_most(f"guest BAR read ({what}), mpring / in-process, KVM", 1.05,
                    f.cost_ratio("kvm", access, "mpring", "lsi")),
        ]
    for job in ("randread-4k-16", "randread-4k-64", "randwrite-4k-16", "randwrite-4k-64"):
        rows += [at_least(f"blk_iops {job}, IOPS / fio's", 0.97, f.blk_ratio(job, "iops_ratio")),
                 at_most(f"blk_iops {job}, CPU / fio's", 1.0, f.blk_ratio(job, "cpu_ratio"))]
    for job, limit in (("read-4k-1", 1.5), ("write-4k-16", 2.5), ("read-4k-16", 6),
                       ("seqread-128k-8", 4)):
        what = guest_fio.JOBS[job].what
        ours = f.iops(job, "mpring")
        rows += [at_least(f"guest, {what}, mpring / QEMU's LSI", limit,
                          ratio(ours, f.own_iops(job))),
                 at_least(f"guest, {what}, mpring / QEMU's virtio-blk", 1.0,
                          ratio(ours, f.iops(job, "virtio-blk")))]
    return rows


# ---- Sections ------------------------------------------------------------


def machine(page):
    described = [r["machine"] for r in page.results.values()]
    if not described:
        return
    names = {"processor": "Processor", "processors": "Processors", "virtual": "Virtual machine",
             "memory_gib": "Memory, GiB", "kernel": "Kernel", "system": "System", "qemu": "QEMU"}
    page.add("## The machine\n",
             table(["", "This machine"], [[text, described[-1][name]]
                                          for name, text in names.items()]))
    if any(d != described[0] for d in described):
        page.add("Not all benches ran on this machine as it is described here.\n")
    page.add(table(["Bench", "Measured at", "Version"],
                   [[name, r["date"], r["version"]] for name, r in page.results.items()]))


WHERE = """Rings and channels were measured wherever the host put the two virtual processors, and are told
apart by a probe, a line that both compare and swap: below 70 ns they are threads of one core, from 150 ns
on they share no cache. The goals were set for processors with a first cache each. Threads of one core do
not have to move a line at all: the bare round trip is so short that the instructions of a channel or a
ring show beside it, rings differ less, and the clock's 10 ns show.

Where a goal is not reached, this is why:

- *Ring round trip.* A ring takes a new line for each message, and `walk`, bare words on new lines, is the
  limit of that; `two_lines` goes to and fro on the same two. See the table below for both.
- *Streams.* Between processors far apart, a line that both sides have in their caches costs its next writer
  an answer from the other, six to eight at a time whatever is prefetched; mpring's consumer evicts what it
  has read, and its producer need not ask. On one core's threads no line has to move, and the other rings are
  fast as well.
- *A read of DSTAT under KVM* is an exit and one channel read, which between far processors alone is about a
  twentieth of the exit.
- *fio in a guest* differs more between runs of one contender than a ratio near 1 does from 1.
"""


def goals_section(page):
    rows = [[what, goal, number(value) or "not measured",
             "" if value is None else "yes" if reached else "no"]
            for what, goal, value, reached in goals(Figures(page))]
    page.add("## Goals\n", table(["What", "Goal", "Measured", "Reached"], rows))
    page.add(WHERE)


def ring_section(page):
    data = page.data("ring_latency")
    if not data:
        return
    rows = [[m["name"], PLACES.get(m["placement"], m["placement"]), m["runs"],
             number(m["p50_ns"]), number(m.get("p99_ns")), number(m.get("millions_per_second")),
             f"{number(m['lowest_p50_ns'])} to {number(m['highest_p50_ns'])}"]
            for m in data["measures"] if m["placement"] in PLACES]
    page.add("## The ring and the channel between two processes\n",
             "`ring_latency`: two processes that poll, on two processors, except for the socket "
             "pair and\nthe eventfds, where both sides block. `two_lines` is the limit that the "
             "hardware sets: one line\nthere, one back; `walk` is the same on new lines each time. "
             "`ring` passes 56 bytes each way, `read`\nis a register read that the other side "
             "answers in place. Runs during which the processors moved\nare left out.\n",
             table(["", "On", "Runs", "p50 ns", "p99 ns", "million/s", "p50 of the runs"], rows))


def peer_series(measures, kind, figure):
    series = {}
    for measure in measures.values():
        name, what, size = measure["name"].rsplit("-", 2)
        if what == kind:
            series.setdefault(name, []).append((int(size), measure[figure]))
    return series


def peers_section(page):
    data = page.data("ring_peers")
    if not data:
        return
    page.add("## Beside other rings and sockets\n",
             "`ring_latency --peers`: messages of 8 to 4096 bytes, copied in and out, between two "
             "processes.\nThe rings poll; ZeroMQ and the socket pair block. A message of up to 56 "
             "bytes takes one cache\nline of mpring's ring, its sequence word included, a larger "
             "one takes several.\n")
    places = by_place(data)
    for kind, title, figure, label in (
            ("trip", "There and back", "p50_ns", "ns"),
            ("stream", "One by one", "millions_per_second", "million/s"),
            ("batch", "Batches of 32", "millions_per_second", "million/s")):
        for place, measures in places.items():
            add_peers(page, f"{title}, {PLACES[place]}", peer_series(measures, kind, figure), label,
                      f"peers-{kind}-{place}")


def add_peers(page, title, series, label, plot):
    sizes = sorted({size for points in series.values() for size, _ in points})
    # What sleeps is not measured again until it has been in every place.
    series = {name: points for name, points in series.items() if len(points) == len(sizes)}
    page.add(f"### {title}, {label}\n", table(
        ["Bytes"] + sizes, [[name] + [number(dict(points).get(size)) for size in sizes]
                            for name, points in series.items()]))
    page.plot(plot, f"{title}, by message size", plots.lines, title, "bytes in a message", label,
              series, logarithmic=True)


def access_section(page):
    data = page.data("access_cost")
    if not data:
        return
    page.add("## One access as the guest sees it\n",
             "`access_cost`: a guest without an operating system times accesses with the time "
             "stamp counter, in\nrounds of 256. \"After 4 ms\": the guest has not touched the "
             "device for that long, so that whoever\nanswers may have gone to sleep.\n")
    for accel, accesses in data["results"].items():
        kinds = list(next(iter(accesses.values())))
        rows = [[access_cost.ACCESSES[access]] +
                [cell for kind in kinds for cell in (
                    number(statistics.median(costs[kind]), 0), between(costs[kind], 0))]
                for access, costs in accesses.items()]
        head = [cell for kind in kinds for cell in (access_cost.KINDS[kind], "runs")]
        page.add(f"### {accel.upper()}, ns\n", table([""] + head, rows))
        page.plot(f"access-{accel}", f"Cost of an access under {accel}", plots.bars,
                  f"One access, {accel}", "ns", {
                      access_cost.ACCESSES[access]: {
                          access_cost.KINDS[kind]: statistics.median(costs[kind])
                          for kind in kinds}
                      for access, costs in accesses.items() if access != "loop"},
                  logarithmic=True)
    page.add(noise(data["settings"]))


def noise(settings):
    return (f"All processors of the host: {settings['host_busy']:.0%} busy, "
            f"{settings['host_stolen']:.1%} taken by other virtual machines.\n")


def blk_section(page):
    data = page.data("blk_iops")
    if not data:
        return
    page.add("## The block layer beside fio\n",
             f"`blk_iops`: the same file and processor, direct I/O, {data['runs']} alternating "
             f"runs of {data['seconds']:g} s.\n",
             table(["Job", "By", "IOPS", "runs", "CPU ns/IO", "calls/IO", "p50 us", "p99 us",
                    "IOPS/fio", "CPU/fio"],
                   [[r["job"], r["by"], number(r["iops"], 0),
                     between([r["lowest_iops"], r["highest_iops"]], 0), number(r["cpu_ns"], 0),
                     number(r.get("calls"), 3), number(r["p50_us"]), number(r["p99_us"]),
                     number(r.get("iops_ratio"), 3), number(r.get("cpu_ratio"), 3)]
                    for r in data["results"]]))
    groups = {}
    for r in data["results"]:
        groups.setdefault(r["job"], {})[r["by"]] = r["iops"]
    page.plot("blk-iops", "IOPS of the block layer and fio", plots.bars, "Block layer", "IOPS",
              groups)


def fio_section(page):
    data = page.data("guest_fio")
    if not data:
        return
    settings = data["settings"]
    page.add("## fio in a Linux guest\n",
             f"`guest_fio`: the same jobs and raw image, `cache=none`, under {settings['accel']}, "
             f"{settings['smp']} virtual processor, {settings['runs']}\nalternating runs of "
             f"{settings['seconds']} s. CPU is of one processor; sleeps are voluntary context "
             "switches of all\nthreads for each request; \"host\" is the part of all processors "
             "that anybody used.\n")
    groups = {}
    for job, configs in data["results"].items():
        rows = []
        for config, runs in configs.items():
            iops = [run["iops"] for run in runs]
            groups.setdefault(guest_fio.JOBS[job].what, {})[config] = statistics.median(iops)

            def middle(get):
                return statistics.median(get(run) for run in runs)
            rows.append([
                config, number(statistics.median(iops), 0), between(iops, 0),
                number(middle(lambda r: r["p50_us"]), 0), number(middle(lambda r: r["p99_us"]), 0),
                f"{middle(lambda r: r['cpu']['qemu']):.0%}",
                f"{middle(lambda r: r['cpu'].get('remote', 0)):.0%}",
                number(middle(lambda r: r["sleeps_per_request"]["qemu"])),
                number(middle(lambda r: r["sleeps_per_request"].get("remote", 0))),
                f"{middle(lambda r: r['host_busy']):.0%}"])
        page.add(f"### {guest_fio.JOBS[job].what}\n", table(
            ["", "IOPS", "runs", "p50 us", "p99 us", "QEMU CPU", "remote CPU", "QEMU sleeps/IO",
             "remote sleeps/IO", "host"], rows))
        page.add(*channel_lines(configs))
    page.plot("guest-fio", "IOPS in the guest", plots.bars, "fio in a Linux guest", "IOPS", groups)
    page.add(*[f"{config}: {count} more runs failed (the guest's driver reset the bus, or the guest "
               "did not come up)\nand were repeated.\n"
               for config, count in settings["failed_runs"].items() if count])


def channel_lines(configs):
    """What went through the channel, for each request."""
    for config, runs in configs.items():
        counters = runs[len(runs) // 2]["channel_per_request"]
        if counters:
            yield (f"{config}, through the channel for each request: " + ", ".join(
                f"{name} {value:.2f}" for name, value in counters.items() if value >= 0.005)
                + ".\n")


def waiting_section(page):
    data = page.data("waiting")
    if not data:
        return
    settings = data["settings"]
    page.add("## Looking or sleeping\n",
             "`waiting`: fio in the same guest with several bounds for how long both sides look "
             "for work before\nthey sleep (`poll-us=`; 200 where nobody says), and the guest with "
             f"nothing to do; medians of {settings['runs']}\nalternating runs of "
             f"{settings['seconds']} s. In the last row only the remote looks: each interrupt goes "
             "through QEMU's main\nloop, which wakes the vCPU. In the others a vCPU that is about "
             "to halt looks at the interrupt line itself.\n")
    for job in waiting.JOBS:
        page.add(f"### {guest_fio.JOBS[job].what}\n", table(
            ["poll-us", "IOPS", "runs", "p50 us", "p99 us", "QEMU CPU", "remote CPU",
             "QEMU sleeps/IO", "remote sleeps/IO"],
            [waiting_row(bound, runs) for bound, runs in data["results"][job].items()]))
    page.add("### A guest with nothing to do\n", table(
        ["poll-us", "QEMU CPU", "remote CPU", "QEMU sleeps/s", "remote sleeps/s"],
        [[bound] + [f"{median_of(runs, 'cpu', name):.1%}" for name in ("qemu", "remote")] +
         [number(statistics.median(run["sleeps"][name] / run["seconds"] for run in runs))
          for name in ("qemu", "remote")]
         for bound, runs in data["results"][waiting.IDLE].items()]))


def median_of(runs, figure, name=None):
    return statistics.median(run[figure] if name is None else run[figure][name] for run in runs)


def waiting_row(bound, runs):
    return [bound, number(median_of(runs, "iops"), 0), between([run["iops"] for run in runs], 0),
            number(median_of(runs, "p50_us"), 0), number(median_of(runs, "p99_us"), 0)] + \
        [f"{median_of(runs, 'cpu', name):.0%}" for name in ("qemu", "remote")] + \
        [number(median_of(runs, "sleeps_per_request", name)) for name in ("qemu", "remote")]


SCALE_COLUMNS = {"read_ns": "read ns", "write_ns": "write ns", "iops": "IOPS", "p50_us": "p50 us",
                 "p99_us": "p99 us", "qemu_cpu_us": "QEMU us/IO", "remote_cpu_us": "remote us/IO"}


def scale_table(first, series):
    """{name: {x: figures}}"""
    rows = [figures for xs in series.values() for figures in xs.values()]
    columns = [name for name in SCALE_COLUMNS if any(name in figures for figures in rows)]
    return table(["", first] + [SCALE_COLUMNS[name] for name in columns],
                 [[name, x] + [number(row.get(column), 0) for column in columns]
                  for name, xs in series.items() for x, row in xs.items()])


def scale_points(series, figure):
    return {name: [(int(x), row[figure]) for x, row in xs.items() if figure in row]
            for name, xs in series.items()}


def scale_section(page):
    data = page.data("scale")
    if not data:
        return
    results = data["results"]
    page.add("## As the work grows\n",
             f"`scale`: under TCG, medians of {data['settings']['runs']} runs.\n")
    if "devices" in results:
        series = results["devices"]
        page.add("### Adapters\n",
                 "The guest reads a register (DSTAT) of one adapter after the other, and writes "
                 f"SCRATCHA;\nthen fio: {scale.FOUR_EACH}, all at once. Where more processes look "
                 "for work than\nthere are processors, a read waits until the one that answers has "
                 "one.\n",
                 scale_table("adapters", series))
        page.plot("scale-devices-access", "Cost of a read by number of adapters", plots.lines,
                  "Register read", "adapters", "ns", scale_points(series, "read_ns"),
                  logarithmic=True)
        page.plot("scale-devices-iops", "IOPS by number of adapters", plots.lines, scale.FOUR_EACH,
                  "adapters", "IOPS", scale_points(series, "iops"))
    if "depths" in results:
        page.add("### Commands in flight\n", scale_table("depth", results["depths"]))
        page.plot("scale-depths", "IOPS by commands in flight", plots.lines,
                  "4 KiB random read", "commands in flight", "IOPS",
                  scale_points(results["depths"], "iops"))
    if "memory" in results:
        series = {"mpring": results["memory"]}
        page.add("### Guest memory\n",
                 f"fio only from {scale.FIO_FROM} MiB on: the guest's root does not fit into "
                 "less.\n", scale_table("MiB", series))
        page.plot("scale-memory", "IOPS by guest memory", plots.lines,
                  "4 KiB random read, depth 16", "MiB of guest memory", "IOPS",
                  scale_points(series, "iops"))
    page.add(noise(data["settings"]))


def repeat_section(page):
    page.add("""## How to repeat it

On a machine that does nothing else, after `scripts/setup`:

    bazel build //...
    bazel-bin/bench/report

measures everything, draws the plots and writes this page; it takes about an hour.
Results are kept as JSON in a folder (`--folder`); `--again guest_fio` measures
one bench again, and `--page` only writes the page from what is there. Each bench
is also a command of its own, with a table as its output:

""" + "\n".join(f"    bazel-bin/bench/{command}" for command in (
        "ring_latency", "ring_latency --peers", "access_cost", "blk_iops", "guest_fio", "waiting",
        "scale"))
             + "\n\nEach has `--help`, `--runs` and `--json`.\n")


def write(folder, results):
    page = Page(folder, results)
    for section in (machine, goals_section, ring_section, peers_section, access_section,
                    blk_section, fio_section, waiting_section, scale_section,
                    repeat_section):
        section(page)
    page.write()
