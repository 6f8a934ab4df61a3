"""Whether generated cases of layers give the reference's numbers, shapes and types in every build.

    python benchmarks/fuzz_layers.py 500 [--only KIND ...] [--seed S] [--corners]

So many cases of each layer, made from its registry entry, are built for every target, optimized and not, and each build
is run by onnxruntime with and without its optimizer, at two sizes of its symbols. With ``--corners``, operands have
infinities and what is no number, too.

It prints every difference that no known fault explains, as it meets it, then the figures, and ends with 1 if there was
a difference.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

import onnxruntime  # noqa: E402

from tests.helpers.generated_layers import LayerCase, case_of  # noqa: E402
from tests.helpers.layer_faults import unexcused  # noqa: E402
from tests.helpers.layer_runs import Difference, differences  # noqa: E402
from tests.helpers.samples import KINDS  # noqa: E402


def fuzz(kind: str, tries: range, count: int, corners: bool) -> Counter[str]:
    """Check cases of one layer; gives how many there were, and how many had differences."""
    counts: Counter[str] = Counter()
    seen: set[tuple[object, ...]] = set()
    for number in tries:
        if counts["cases"] == count:
            break
        counts["tries"] += 1
        case = case_of(kind, number)
        if case is None or case.key in seen:
            continue
        seen.add(case.key)
        counts["cases"] += 1
        if corners:
            case = dataclasses.replace(case, contents="corners")
        found = list(differences(case))
        wrong = unexcused(case, found)
        counts["with known faults"] += bool(found) and not wrong
        counts["with differences"] += bool(wrong)
        if wrong:
            show(case, wrong)
    return counts


def show(case: LayerCase, found: list[Difference]) -> None:
    print(f"DIFFERENCE {case!r}", flush=True)
    for one in found:
        print(f"    {one}", flush=True)


def main() -> None:
    """Check the cases and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=int, help="how many cases of each layer")
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS, metavar="KIND", help="only these layers")
    parser.add_argument("--seed", type=int, default=0, help="where the tries begin; the next ones have the next seeds")
    parser.add_argument("--corners", action="store_true", help="with infinities, and what is no number")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    onnxruntime.set_default_logger_severity(4)
    total: Counter[str] = Counter()
    begin = time.monotonic()
    for kind in arguments.only:
        tries = range(arguments.seed, arguments.seed + 10 * arguments.cases)
        counts = fuzz(kind, tries, arguments.cases, arguments.corners)
        total.update(counts)
        print(f"{kind}: {listed(counts)}", flush=True)
    print(f"\n{len(arguments.only)} layers in {time.monotonic() - begin:.0f} s: {listed(total)}")
    raise SystemExit(total["with differences"] > 0)


def listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


if __name__ == "__main__":
    main()
