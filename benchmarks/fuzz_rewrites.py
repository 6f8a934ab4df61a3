"""Whether programs give the same numbers in other words.

    python benchmarks/fuzz_rewrites.py 2000 [--seed S] [--jobs 2] [--only RULE] [--stop-after N]

Each random program is rewritten at some places, as in ``random_programs.rewrites``: sums and products commuted and
reassociated, layers split and joined, loops unrolled, blocks made of stages, names and labels changed, what changes
nothing added, and so on. The outputs of the rewritten program must be those of the original, by the references and by a
session that is given the weights as arrays; and every build of the rewritten program is held against its reference, as
``fuzz_programs.py`` does.

Numbers that rounding changes too much, in one of both programs, are left out, as there.
"""

from __future__ import annotations

import argparse
import random
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import dotnn
import numpy as np
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.weights.weight_values import WeightValues
from fuzz_programs import EXACT, TOLERANCES, Case, Difference, Outcome, case_of, check_program, outcomes, summarize
from random_programs import Program, random_program
from random_programs.rewrites import in_other_words, rules_for
from random_programs.rewriting import Rewritten, View, rewritten

from tests.helpers.harness import error, he_normal_source

#: How far the references of both may be apart, where rounding to float64 is all that differs.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Arrays:
    """Weights by name, all of a graph."""

    arrays: Mapping[str, np.ndarray]

    @property
    def names(self) -> Collection[str]:
        return self.arrays.keys()

    def shape(self, name: str) -> tuple[int, ...]:
        return self.arrays[name].shape

    def load(self, name: str) -> np.ndarray:
        return self.arrays[name]


def check_rewritten(found: Rewritten, tell: Callable[[str], None] = lambda stage: None) -> Outcome:
    """Hold a rewritten program against the original, and its builds against its reference."""
    with warnings.catch_warnings():
        # Of overflows in references.
        warnings.simplefilter("ignore")
        try:
            return _checked(found, tell)
        except Exception:
            fault = Difference("rewrite", "", traceback.format_exc(limit=-4))
            return Outcome(Counter(programs=1), differences=[fault])


def _checked(found: Rewritten, tell: Callable[[str], None]) -> Outcome:
    tell("original")
    original, program = found.original, found.program
    before = dotnn.compile_source(original.text).graph
    old = weights_of(View(original.text).graph, original.seed)
    tell("rewritten")
    try:
        compiled = dotnn.compile_source(program.text)
    except dotnn.DotnnError as fault:
        return Outcome(Counter(programs=1), differences=[Difference("refused", "", str(fault))])
    new = {one.name: _made(found, one, old) for one in compiled.graph.weights() if not _is_written(one.name)}
    outcome = check_program(program, tell, Arrays(new))
    outcome.features = Counter(found.rules)
    tell("compare")
    cases = [case_of(program, index, compiled.graph, Arrays(new), Outcome()) for index in range(len(program.sizes))]
    for index, case in zip(found.sizes, cases, strict=True):
        expected = case_of(original, index, before, Arrays(old), Outcome())
        outcome.differences += _compared(found, before, expected, case, outcome, "reference", case.expected)
    if not outcome.differences and outcome.counts["runs"]:
        tell("session")
        given = {one.name: new.get(one.name, _literal(one)) for one in compiled.graph.weights()}
        session = dotnn.Session(compiled, weights=given, provider="cpu", threads=1)
        for index, case in zip(found.sizes, cases, strict=True):
            expected = case_of(original, index, before, Arrays(old), Outcome())
            got = session.run(case.feeds)
            outcome.differences += _compared(found, before, expected, case, outcome, "session", got)
    return outcome


def _compared(
    found: Rewritten,
    graph: Graph,
    expected: Case,
    case: Case,
    outcome: Outcome,
    where: str,
    got: Mapping[str, np.ndarray],
) -> list[Difference]:
    """The outputs that are not those of the original."""
    differences = []
    for name, value in graph.outputs.items():
        if name not in expected.expected or name not in case.expected:
            continue
        outcome.counts[f"outputs compared by {where}"] += 1
        dtype = graph.type_of(value).dtype.value
        most = TOLERANCES.get(dtype, EXACT)[0]
        if where == "reference" and found.exact:
            most = min(most, ROUNDING)
        apart = error(np.asarray(got[name]), expected.expected[name])
        if apart > most:
            differences.append(Difference("other numbers", where, f"{name}: {apart:.1e} at {dict(case.sizes)}"))
    return differences


def weights_of(graph: Graph, seed: int) -> dict[str, np.ndarray]:
    """Every weight of a graph, those that its text writes as numbers among them."""
    values = WeightValues(0, he_normal_source(graph, seed))
    return {one.name: values.values(one) for one in graph.weights()}


def _made(found: Rewritten, weight: object, old: Mapping[str, np.ndarray]) -> np.ndarray:
    array = found.array(weight.name, old)  # pyright: ignore[reportAttributeAccessIssue]
    return np.asarray(array).astype(weight.dtype.value).reshape(weight.shape)  # pyright: ignore[reportAttributeAccessIssue]


def _literal(weight: object) -> np.ndarray:
    return WeightValues().values(weight)  # pyright: ignore[reportArgumentType]


def _is_written(name: str) -> bool:
    """Whether the numbers stand in the text of a rewrite."""
    return any(part.startswith("zl") for part in name.split("."))


def rewritten_seed(seed: int, only: str = "") -> Rewritten:
    """The rewritten program of a seed."""
    program, source = random_program(seed), random.Random(f"rewrite {seed}")
    if not only:
        return in_other_words(program, source)
    rules = {name: one for name, one in rules_for(program).items() if name == only}
    return rewritten(program, source, rules, 2)


@dataclass(frozen=True)
class Check:
    """What becomes of the rewritten program of a seed."""

    only: str = ""

    def __call__(self, seed: int, tell: Callable[[str], None]) -> Outcome:
        tell("rewrite")
        try:
            found = rewritten_seed(seed, self.only)
        except Exception:
            fault = Difference("rule", "", traceback.format_exc(limit=-4))
            return Outcome(Counter(programs=1), differences=[fault])
        return check_rewritten(found, tell)


def show(seed: int, outcome: Outcome, only: str) -> None:
    """Print what differs, with both programs, the rewritten one with as few rewrites as show it."""
    for one in outcome.differences:
        print(f"DIFFERENCE {one.kind} seed {seed} ({one.where}): {one.what}", flush=True)
    try:
        found = rewritten_seed(seed, only)
    except Exception:
        print(f"    {random_program(seed).text}", flush=True)
        return
    print(f"rules: {', '.join(found.rules)}\n{_indented(found.original)}\n{_indented(found.program)}", flush=True)


def _indented(program: Program) -> str:
    return "    " + program.text.replace("\n", "\n    ")


def main() -> None:
    """Check the rewritten programs and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=int, help="how many programs")
    parser.add_argument("--seed", type=int, default=0, help="of the first program; the next ones have the next seeds")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    parser.add_argument("--only", default="", metavar="RULE", help="apply this rule alone")
    parser.add_argument("--stop-after", type=int, metavar="N", help="stop after so many programs with differences")
    arguments = parser.parse_args()
    total, wrong, begin = Outcome(), 0, time.monotonic()
    seeds = iter(range(arguments.seed, arguments.seed + arguments.programs))
    for seed, outcome in outcomes(seeds, arguments.jobs, Check(arguments.only)):
        total.add(outcome)
        if outcome.differences:
            wrong += 1
            show(seed, outcome, arguments.only)
        if total.counts["programs"] % 100 == 0:
            print(f"{total.counts['programs']:,} programs, {wrong} with differences", flush=True)
        if arguments.stop_after and wrong >= arguments.stop_after:
            break
    summarize(total, time.monotonic() - begin)
    raise SystemExit(wrong > 0)


if __name__ == "__main__":
    main()
