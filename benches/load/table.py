"""What a run has measured, as text."""

import os
import platform
import statistics
import subprocess

from processes import installed
from servers import version


class Row:
    """One thing that was measured, of our server and of its peer, in several rounds."""

    def __init__(self, name, unit, target, peer):
        self.name, self.unit, self.target, self.peer = name, unit, target, peer
        self.seen = {}

    def add(self, number, server, measurement):
        self.seen.setdefault(server, {})[number] = measurement

    def cost(self, server):
        """Median of the rounds, µs; None where it was not measured."""
        costs = [one["cost_us"] for one in self.seen.get(server, {}).values()]
        return statistics.median(costs) if costs else None

    def ratios(self):
        """Ours by theirs, round by round."""
        ours, theirs = self.seen.get("huntline", {}), self.seen.get(self.peer, {})
        return [ours[number]["cost_us"] / theirs[number]["cost_us"] for number in ours if number in theirs]

    def failures(self):
        return sum(one["failures"] for server in self.seen.values() for one in server.values())

    def plain(self):
        return {"name": self.name, "unit": self.unit, "target": self.target, "peer": self.peer, "seen": self.seen}


def heading(root, program, words):
    """Machine, commit, versions, command."""
    commit = git(root, "rev-parse", "--short=10", "HEAD") or "unknown"
    if git(root, "status", "--porcelain", "--untracked-files=no"):
        commit += " with changes"
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine())
    shown = os.path.relpath(program, root)
    return "\n".join([
        f"machine   {os.cpu_count()} × {model}, Linux {platform.release()}",
        f"commit    {commit}, program {program if shown.startswith('..') else shown}",
        f"versions  huntline {version(program, '--version')}, kamailio {version('kamailio', '-v') or 'absent'}, "
        f"rtpengine {version('rtpengine', '--version') or 'absent'}, sipp {version('sipp', '-v')}",
        f"command   benches/load/run {' '.join(words)}".rstrip(),
    ])


def git(root, *words):
    if not installed("git"):
        return ""
    result = subprocess.run(["git", "-C", root, *words], capture_output=True, text=True)
    return result.stdout.strip() if result.returncode == 0 else ""


def text(rows):
    """The table: CPU µs (medians over the rounds), ratio (median and range of the rounds' ratios), what disturbed it."""
    head = ["", "Huntline", "peer", "", "ratio", "rounds' ratios", "target", "counted", "failures", "others"]
    lines = [head]
    for row in rows:
        ours, theirs, ratios = row.cost("huntline"), row.cost(row.peer), row.ratios()
        every = [one for server in row.seen.values() for one in server.values()]
        lines.append([
            row.name, f"{ours:.1f} µs", f"{theirs:.1f} µs" if theirs else "not measured", row.peer,
            f"{statistics.median(ratios):.2f}" if ratios else "–",
            f"{min(ratios):.2f} … {max(ratios):.2f}" if ratios else "–", f"≤ {row.target:.1f}",
            f"{sum(one['count'] for one in every)} {row.unit}s", failures(row, every),
            f"{max(one['others'] for one in every):.0%}"])
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    drawn = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    note = ("CPU time (user + system, all threads, idle share taken off), medians; `others`: share of the machine that "
            "programs not of\nthis run used, at most.")
    return "\n".join([*drawn, "", note])


def failures(row, every):
    lost, breaks = (sum(one.get(what, 0) for one in every) for what in ("lost", "breaks"))
    extra = f", {lost} packets lost, {breaks} breaks" if lost or breaks else ""
    return f"{row.failures()}{extra}"
