#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that the benches which start virtual machines run, that their JSON has
every figure, and that the report is made of it."""

import json
import os
import subprocess

import common
import harness
import access_cost
import guest_fio
import page
import waiting


def bench_json(name, *arguments):
    """What a bench prints, parsed."""
    command = [common.built(f"bench/{name}"), *arguments, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    harness.check(done.returncode == 0,
                  f"{name}: status {done.returncode}\n{done.stderr.decode()}")
    return json.loads(done.stdout)


def keep(folder, name, data):
    with open(os.path.join(folder, f"{name}.json"), "w", encoding="utf-8") as f:
        json.dump({"machine": common.describe_machine(), "version": "test", "date": "now",
                   "data": data}, f)


def test_access_cost(tap, results):
    kinds = ["lsi", "mpring"]
    with tap.case("access_cost times every access of either adapter"):
        data = bench_json("access_cost", "--runs", "1", "--accel", "tcg", "--kinds", *kinds)
        costs = data["results"]["tcg"]
        harness.check(set(costs) == set(access_cost.ACCESSES), f"accesses: {list(costs)}")
        harness.check(all(costs[a][k][0] > 0 for a in costs for k in kinds), f"costs: {costs}")
        keep(results, "access_cost", data)


def test_guest_fio(tap, results):
    configs = ["mpring", "virtio-blk"]
    with tap.case("guest_fio runs every job, and counts what they cost"):
        data = bench_json("guest_fio", "--runs", "1", "--seconds", "1", "--size", "64",
                          "--configs", *configs)
        jobs = data["results"]
        harness.check(set(jobs) == set(guest_fio.JOBS), f"jobs: {list(jobs)}")
        for name, job in jobs.items():
            for config in configs:
                run = job[config][0]
                harness.check(run["iops"] > 0 and run["cpu"]["qemu"] > 0, f"{name}: {run}")
            harness.check(job["mpring"][0]["channel"]["posted"] > 0, f"{name}: no channel")
        keep(results, "guest_fio", data)


def test_waiting(tap, results):
    with tap.case("waiting measures a guest at work and an idle one with each bound"):
        data = bench_json("waiting", "--runs", "1", "--seconds", "1", "--size", "64",
                          "--bounds", "0")
        harness.check(set(data["results"]) == {*waiting.JOBS, waiting.IDLE}, f"{data}")
        for job in waiting.JOBS:
            run = data["results"][job]["0"][0]
            harness.check(run["sleeps"]["remote"] > 0, f"{job}: a remote that never slept: {run}")
            run = data["results"][job][waiting.MAIN_LOOP][0]
            harness.check(run["sleeps"]["qemu"] > 0, f"{job}: a QEMU that never slept: {run}")
        harness.check(data["results"][waiting.IDLE]["0"][0]["seconds"] > 0, "no idle guest")
        keep(results, "waiting", data)


def test_rings(tap, results):
    name = "ring_latency says where the processors were"
    if os.cpu_count() < 2:
        tap.skip(name, "one processor")
        return
    with tap.case(name):
        for bench, arguments in (("ring_latency", []),
                                 ("ring_peers", ["--peers", "--only", "mpring-"])):
            data = bench_json("ring_latency", "--quick", "--runs", "1", *arguments)
            places = {m["placement"] for m in data["measures"]}
            harness.check(places <= {*page.PLACES, "moved"}, f"{places}")
            keep(results, bench, data)


def test_report(tap, results, output):
    with tap.case("report writes the page and its plots"):
        harness.run(common.built("bench/report"), "--page", "--folder", results, "--output",
                    output)
        with open(os.path.join(output, "performance.md"), encoding="utf-8") as f:
            text = f.read()
        for title in ("## Goals", "## One access as the guest sees it", "## fio in a Linux guest",
                       "## Looking or sleeping"):
            harness.check(title in text, f"no '{title}' in the page")
        for plot in ("access-tcg", "guest-fio"):
            path = os.path.join(output, "performance", f"{plot}.svg")
            with open(path, encoding="utf-8") as f:
                harness.check("</svg>" in f.read(), f"{plot}.svg is not whole")


def main():
    tap = harness.Tap()
    with common.workplace(common.default_folder()) as folder:
        results, output = os.path.join(folder, "results"), os.path.join(folder, "docs")
        os.makedirs(results)
        os.makedirs(output)
        test_access_cost(tap, results)
        test_guest_fio(tap, results)
        test_waiting(tap, results)
        test_rings(tap, results)
        test_report(tap, results, output)
    tap.finish()


common.main(main)
