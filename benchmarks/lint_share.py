"""Which share of the time of ``dotnn check examples`` the linter takes, and each of its rules.

    python benchmarks/lint_share.py [--runs N]

All examples are checked in one process, every file without rules and with those that are asked by themselves, one right
after the other, so that whatever else the machine does concerns both; of every second file the other way round, because
the first one finds less in memory. The first round, in which everything is imported, does not count. Python looks for
cycles of garbage between two files alone: the command has it do so seldom, and it would be charged to whoever made the
last object. Medians of the time of the processor. Aim: the linter takes less than a third of the whole.

Then what each rule takes by itself, on networks that are elaborated already; what several rules look up once, such as
the fields of all values, is counted for each.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from dotnn.compiler.checking import check
from dotnn.compiler.diagnostics import Report
from dotnn.compiler.driver import read_networks
from dotnn.compiler.lint.asking import chosen, lint
from dotnn.compiler.lint.base import Subject
from dotnn.compiler.request import request
from dotnn.compiler.source_loading import any_models, load_source

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "examples").rglob("*.nn"))


def seconds(work: Callable[[], object]) -> float:
    """The time of the processor that something takes."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def checks() -> dict[str, float]:
    """Seconds for all examples without and with rules."""
    found: Counter[str] = Counter()
    for number, file in enumerate(FILES):
        gc.collect()
        ways = {"without rules": ["L"], "with rules": []}
        for name in sorted(ways, reverse=number % 2 == 0):
            found[name] += seconds(lambda file=file, ignore=ways[name]: check(file, ignore=ignore))
    return found


def subjects() -> list[Subject]:
    """What the rules see of all examples; nothing is looked up in it yet."""
    found: list[Subject] = []
    for file in FILES:
        report, wanted = Report(), request(None, None, None, None)
        module, networks = read_networks(load_source(file, wanted.limits, report), any_models, wanted, report)
        if module is not None:
            found.append(Subject(module, networks))
    return found


def rules(elaborated: list[Subject]) -> dict[str, float]:
    """Seconds for all examples of each rule that is asked by itself."""
    return {code: seconds(lambda code=code: _ask(code, elaborated)) for code in chosen()}


def _ask(code: str, elaborated: list[Subject]) -> None:
    for one in elaborated:
        list(lint(Subject(one.module, one.networks), [code]))


def medians(runs: int, measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """The median of each number of several measurements, but for the first one."""
    found = [measure() for _ in range(runs + 1)][1:]
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    gc.disable()
    whole = medians(runs, checks)
    for name, found in whole.items():
        print(f"{name:16} {found * 1000:7.1f} ms")
    share = whole["with rules"] - whole["without rules"]
    print(f"{'the linter':16} {share * 1000:7.1f} ms, {100 * share / whole['with rules']:.1f} % of the whole\n")
    elaborated = subjects()
    for code, found in sorted(medians(runs, lambda: rules(elaborated)).items(), key=lambda item: -item[1]):
        print(f"{code:16} {found * 1000:7.1f} ms")


if __name__ == "__main__":
    main()
