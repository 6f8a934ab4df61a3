"""How soon the command answers, as a process, beside what importing two of its libraries takes.

    python benchmarks/cold_check.py [--runs N]

Medians of several runs, each command in turn, with the byte code of all modules kept in a folder for the time being, as
an installed package has it. Elapsed times and those of the processor are given: on a machine that does other things,
the ratios of the latter are steadier. Targets, as multiples of the two imports: 1.4 for checking, 1.8 for the summary
of ``examples/zoo/resnet152.nn``; help and version 0.1 s.

Then where the time of a check goes: what Python says of every import (``-X importtime``), by libraries and rooms.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
DOTNN = [sys.executable, "-m", "dotnn"]
IMPORTS = 'python -c "import networkx, lark"'
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    IMPORTS: [sys.executable, "-c", "import networkx, lark"],
    "dotnn --version": [*DOTNN, "--version"],
    "dotnn --help": [*DOTNN, "--help"],
    "dotnn check mnist_cnn.nn": [*DOTNN, "check", "examples/mnist_cnn.nn"],
    "dotnn check resnet152.nn": [*DOTNN, "check", "examples/zoo/resnet152.nn"],
    "dotnn summary resnet152.nn": [*DOTNN, "summary", "examples/zoo/resnet152.nn"],
}
#: Libraries and rooms with a line of their own, the longest fitting name first.
PARTS = (
    "networkx",
    "click",
    "dotnn.compiler.diagnostics",
    "dotnn.compiler.elaborate",
    "dotnn.compiler.graph",
    "dotnn.compiler.layers",
    "dotnn.compiler.syntax",
    "dotnn",
)


class Taken(NamedTuple):
    """Seconds of one run: as a clock shows them, and of the processor."""

    elapsed: float
    processor: float


def run(command: list[str], environment: dict[str, str]) -> Taken:
    """Run a command once."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment, cwd=ROOT)
    elapsed, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Taken(elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def measured(runs: int, environment: dict[str, str]) -> dict[str, Taken]:
    """The median of each command, all of them in turns; the first round compiles everything and does not count."""
    taken: dict[str, list[Taken]] = {name: [] for name in COMMANDS}
    for number in range(runs + 1):
        for name, command in COMMANDS.items():
            found = run(command, environment)
            if number:
                taken[name].append(found)
    return {name: Taken(*map(statistics.median, zip(*found, strict=True))) for name, found in taken.items()}


def import_times(command: list[str], environment: dict[str, str]) -> Counter[str]:
    """Seconds that the imports of a command took, by parts."""
    timed = [command[0], "-X", "importtime", *command[1:]]
    done = subprocess.run(timed, check=True, capture_output=True, text=True, env=environment, cwd=ROOT)
    found: Counter[str] = Counter()
    for line in done.stderr.splitlines():
        own, _, name = (part.strip() for part in line.removeprefix("import time:").split("|"))
        if own.isdecimal():
            part = next((one for one in PARTS if name == one or name.startswith(f"{one}.")), "Python's own modules")
            found[part] += int(own) / 1e6
    return found


def print_parts(runs: int, environment: dict[str, str], command: list[str], whole: float) -> None:
    """Print where the time of a command goes."""
    found = [import_times(command, environment) for _ in range(runs)]
    medians = {part: statistics.median(one[part] for one in found) for part in (*PARTS, "Python's own modules")}
    medians["starting Python, and the work"] = whole - sum(medians.values())
    for part, seconds in sorted(medians.items(), key=lambda item: -item[1]):
        print(f"  {part:36} {seconds * 1000:6.1f} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = folder
        medians = measured(runs, environment)
        base = medians[IMPORTS]
        print(f"{f'medians of {runs}':36} elapsed   ratio  processor   ratio")
        for name, one in medians.items():
            ratios = one.elapsed / base.elapsed, one.processor / base.processor
            print(f"{name:36} {one.elapsed:6.3f} s  {ratios[0]:5.2f}  {one.processor:7.3f} s  {ratios[1]:5.2f}")
        for name in ("dotnn check mnist_cnn.nn", "dotnn check resnet152.nn"):
            print(f"\nwhere the time of {name} goes")
            print_parts(runs, environment, COMMANDS[name], medians[name].elapsed)


if __name__ == "__main__":
    main()
