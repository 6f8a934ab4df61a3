"""Whether random programs give the reference's numbers in every build.

    python benchmarks/fuzz_programs.py 3000 [--seed S] [--jobs 2] [--stop-after N]

Every program is built for every target, optimized and not, and each build is run by onnxruntime twice: as it is
written, with every value among its outputs, and with onnxruntime's optimizer. The oracle is the numpy reference of the
graph as written, in float64. Weights and statistics are not trivial, and every build is run at two sizes of its
symbols.

Numbers that rounding changes as much as a mistake would are not compared: the reference is computed a second time with
every value disturbed by about the rounding of its element type, and what differs then by a fifth of the tolerance is
left out and counted.

Every program has a seed. `random_programs.strategies` gives whole programs to hypothesis, which makes one that fails
small: `@given(programs())`. `fuzz_rewrites.py` holds programs against themselves in other words.

Programs run in processes of their own, which are ended when they take too long. It prints every difference as it meets
it, then the figures, and ends with 1 if there was a difference.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import itertools
import multiprocessing
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, TypeAlias

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT)]

import dotnn  # noqa: E402
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from dotnn.compiler.graph.graph import Graph, Value  # noqa: E402
from dotnn.compiler.layers.base import Layer  # noqa: E402
from dotnn.compiler.reference_evaluation import evaluate, named_results  # noqa: E402
from dotnn.compiler.weights.weight_values import WeightSource, WeightValues  # noqa: E402
from random_programs import Program, Sizes, random_program  # noqa: E402

from tests.helpers.harness import TARGETS, AllValues, checked, error, he_normal_source, random_feeds, wrong_shapes  # noqa: E402

#: By element type: the error that a value may have, relative to its largest number, and a rounding. Ints have neither.
TOLERANCES = {"float32": (1e-4, 5e-7), "float16": (3e-2, 1e-3), "float64": (1e-9, 1e-14)}
EXACT = (0.0, 0.0)
#: Optimizers of onnxruntime (1.32) that make broken graphs of models that are right: the first of two scaled values,
#: one made of the other, that are both multiplied by matrices (`v = x * 2`, `v -> dense(2)`, `v / 4 -> dense(6)`); the
#: second of two normalizations of one convolution whose sum has an activation, where one of them is an output. A model
#: that does not load with them is run without.
BROKEN_OPTIMIZERS = ["MatMulScaleFusion", "ConvAddActivationFusion"]
#: What onnx (1.23) says where it takes floats for a shape: its propagation of data follows a tensor of one axis through
#: `Unsqueeze` as if it still had one axis. Its checker, which goes without, and onnxruntime take the model.
MISTAKES_AXES = "Invalid rank for"
#: Layers whose small numbers come from numbers about 1, and are as exact as those.
FROM_ONE = ("sigmoid", "rnn", "lstm", "gru")
#: A program that takes longer is ended: something hangs.
PATIENCE = 120.0
#: The code of a layer without a kernel for its elements.
NO_KERNEL = "E848"


@dataclass(frozen=True)
class Difference:
    """What was not as it should be: its kind, where it was found, and what it is."""

    kind: str
    where: str
    what: str


@dataclass
class Outcome:
    """What became of some programs."""

    counts: Counter[str] = field(default_factory=Counter)
    layers: Counter[str] = field(default_factory=Counter)
    operators: Counter[str] = field(default_factory=Counter)
    fusions: Counter[str] = field(default_factory=Counter)
    features: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Count what became of others, too."""
        for name in ("counts", "layers", "operators", "fusions", "features", "codes"):
            getattr(self, name).update(getattr(other, name))
        self.differences += other.differences


@dataclass(frozen=True, eq=False)
class Case:
    """Inputs and what is expected of them.

    Attributes:
        expected: the values by name, those left out that rounding changes too much.
    """

    sizes: Sizes
    feeds: Mapping[str, np.ndarray]
    expected: Mapping[str, np.ndarray]


# --- one program ------------------------------------------------------------------------------------------------------


def check_program(
    program: Program, tell: Callable[[str], None] = lambda stage: None, source: WeightSource | None = None
) -> Outcome:
    """Build and run a program in every way.

    Args:
        program: what to check.
        tell: is told what happens next, for whoever must say where the process has died.
        source: of its weights; those of the program's seed if None.
    """
    with warnings.catch_warnings():
        # Of overflows in references.
        warnings.simplefilter("ignore")
        return _checked_program(program, tell, source)


def _checked_program(program: Program, tell: Callable[[str], None], source: WeightSource | None) -> Outcome:
    outcome = Outcome(Counter(programs=1))
    tell("compile")
    try:
        compiled = dotnn.compile_source(program.text)
    except dotnn.DotnnError as fault:
        outcome.counts["refused"] += 1
        outcome.codes.update({one.code for one in fault.diagnostics if one.code.startswith("E")})
        return outcome
    except Exception:
        outcome.differences.append(Difference("compile", "", traceback.format_exc(limit=-3)))
        return outcome
    outcome.features.update(program.features)
    outcome.layers.update(node.kind for node in compiled.graph.nodes() if isinstance(node.op, Layer))
    source = source or he_normal_source(compiled.graph, program.seed)
    tell("reference")
    try:
        cases = [case_of(program, index, compiled.graph, source, outcome) for index in range(len(program.sizes))]
    except Exception:
        outcome.differences.append(Difference("reference", "", traceback.format_exc(limit=-3)))
        return outcome
    seen: set[bytes] = set()
    for target, optimize in itertools.product(TARGETS, (False, True)):
        where = f"{target}{'' if optimize else ', not optimized'}"
        tell(f"build {where}")
        model = _build(compiled, source, target, optimize, outcome, where)
        if model is None:
            continue
        digest = _digest(model)
        if digest not in seen:
            seen.add(digest)
            _run_build(model, cases, outcome, where, tell)
    outcome.counts["programs of which nothing ran"] += not outcome.counts["runs"]
    return outcome


def case_of(program: Program, index: int, graph: Graph, source: WeightSource, outcome: Outcome) -> Case:
    """Feeds at some sizes, and the reference's values that can be compared."""
    sizes = program.sizes[index]
    feeds = random_feeds(graph, sizes, seed=program.seed)
    generator = np.random.default_rng([program.seed, *sizes.values()])
    for name, (low, high) in program.ranges[index].items():
        feeds[name] = generator.integers(low, high, feeds[name].shape).astype(feeds[name].dtype)
    values = WeightValues(0, source)
    results = evaluate(graph, feeds, values)
    expected = named_results(graph, results)
    disturbed = named_results(graph, _disturbed(graph, results, values, sizes))
    names = named_results(graph, {value: graph.type_of(value).dtype.value for value in results})
    steady = {
        name: array
        for name, array in expected.items()
        if _is_steady(array, disturbed[name], TOLERANCES.get(names[name], EXACT)[0] / 5)
    }
    outcome.counts["values left out"] += len(expected) - len(steady)
    return Case(sizes, feeds, steady)


def _is_steady(array: np.ndarray, disturbed: np.ndarray, most: float) -> bool:
    if array.dtype.kind != "f":
        return bool(np.array_equal(array, disturbed))
    return bool(np.all(np.isfinite(array))) and error(disturbed, array) <= most


def _disturbed(
    graph: Graph, results: Mapping[Value, np.ndarray], values: WeightValues, sizes: Sizes
) -> dict[Value, np.ndarray]:
    """The values of a graph, every result of a layer disturbed: what a runtime that rounds may make of them."""
    generator = np.random.default_rng(0)
    found = dict(results)
    for node in graph.nodes():
        if not isinstance(node.op, Layer):
            continue
        operands = [None if value is None else found[value] for value in node.operands]
        weights = {name: values.values(weight) for name, weight in node.weights.items()}
        weights = {name: one.astype(np.float64) if one.dtype.kind == "f" else one for name, one in weights.items()}
        least = 1.0 if node.kind in FROM_ONE else 0.0
        with np.errstate(all="ignore"):
            arrays = node.op.bind(sizes).reference(operands, weights)
            for number, array in enumerate(arrays):
                found[node.value(number)] = _shaken(array, node.results[number].dtype.value, least, generator)
    return found


def _shaken(array: np.ndarray, dtype: str, least: float, generator: np.random.Generator) -> np.ndarray:
    """The array disturbed by roundings of its largest number, or of ``least``."""
    if array.dtype.kind != "f" or not array.size:
        return array
    # What is exactly 0, behind a ReLU or where there is padding, is so in every build.
    signs = generator.choice([-1, 1], array.shape) * (array != 0)
    noise = signs * generator.uniform(0.5, 1, array.shape) * TOLERANCES[dtype][1] * np.max(np.abs(array), initial=least)
    shaken = np.asarray(array + noise)
    # Overflows as the runtime's numbers do.
    return shaken.astype(np.float16).astype(np.float64) if dtype == "float16" else shaken


def _build(
    compiled: dotnn.Compiled, source: WeightSource, target: Any, optimize: bool, outcome: Outcome, where: str
) -> bytes | None:
    """The verified model; None if there is none."""
    try:
        model = compiled.to_bytes(target=target, optimize=optimize, weights=source)
        outcome.counts["builds"] += 1
        if optimize:
            outcome.fusions.update(f"{one.rule} for {target}" for one in compiled.optimized(target).fusions.fused)
        _verify(model, outcome)
        return model
    except dotnn.DotnnError as fault:
        if {one.code for one in fault.diagnostics} == {NO_KERNEL}:
            outcome.counts["builds without kernels"] += 1
        else:
            outcome.differences.append(Difference("build", where, str(fault)))
    except Exception:
        outcome.differences.append(Difference("build", where, traceback.format_exc(limit=-3)))
    return None


def _verify(model: bytes, outcome: Outcome) -> None:
    """Run ONNX's full check and strict shape inference."""
    try:
        checked(model)
    except dotnn.DotnnError as fault:
        if MISTAKES_AXES not in str(fault):
            raise
        onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
        outcome.counts["failures of onnx's data propagation"] += 1


def _digest(model: bytes) -> bytes:
    """What tells builds apart, whatever their metadata say."""
    proto = onnx.load_from_string(model)
    del proto.metadata_props[:]
    return hashlib.sha256(proto.SerializeToString(deterministic=True)).digest()


def _run_build(model: bytes, cases: list[Case], outcome: Outcome, where: str, tell: Callable[[str], None]) -> None:
    """Run a build as it is written, and as onnxruntime optimizes it."""
    outcome.counts["different builds"] += 1
    for make, how in ((AllValues, "all values"), (Optimized, "optimized by onnxruntime")):
        place, stage = f"{where}, {how}", "load"
        try:
            tell(f"load {place}")
            session = make(model)
            outcome.counts["models that onnxruntime's optimizer broke"] += getattr(session, "spared", False)
            for case in cases:
                stage = "run"
                tell(f"run {place}")
                found = session.run(case.feeds)
                outcome.counts["runs"] += 1
                outcome.differences += _compared(found, case, outcome, place)
                if isinstance(session, AllValues):
                    outcome.operators.update({f"{domain}{kind}" for domain, kind in session.operators})
                    wrong = wrong_shapes(found, session.types, case.sizes)
                    outcome.differences += [Difference("shape", place, text) for text in wrong]
        except Exception as fault:
            if _lacks_kernels(fault, where, cases[0]):
                outcome.counts["different builds without kernels"] += 1
                return
            outcome.differences.append(Difference(stage, place, _short(fault)))


def _lacks_kernels(fault: Exception, where: str, case: Case) -> bool:
    """Whether onnxruntime cannot compute with elements for which dotnn promises nothing: in a build for any runtime."""
    floats = {array.dtype.name for array in case.feeds.values() if array.dtype.kind == "f"}
    promised = floats <= {"float32"} or where.partition(",")[0] != "onnx"
    return not promised and ("NOT_IMPLEMENTED" in str(fault) or "does not support double" in str(fault))


def _compared(found: Mapping[str, np.ndarray], case: Case, outcome: Outcome, place: str) -> Iterator[Difference]:
    """The first value that is off, in the order of the graph; the others depend on it."""
    names = [name for name in case.expected if name in found]
    outcome.counts["values"] += len(names)
    errors = {name: error(found[name], case.expected[name]) for name in names}
    off = [name for name in names if errors[name] > TOLERANCES.get(found[name].dtype.name, EXACT)[0]]
    if off:
        others = f", and {len(off) - 1} others" * (len(off) > 1)
        yield Difference("value", place, f"{off[0]}: an error of {errors[off[0]]:.1e} at {dict(case.sizes)}{others}")


class Optimized:
    """A model as users run it: onnxruntime optimizes it as much as it can.

    Attributes:
        spared: whether it does not load unless it is spared the optimizers that are known to be broken.
    """

    def __init__(self, model: bytes) -> None:
        self.spared = False
        try:
            self._session = self._load(model, [])
        except Exception:
            self.spared = True
            self._session = self._load(model, BROKEN_OPTIMIZERS)
        self._names = [output.name for output in self._session.get_outputs()]

    @staticmethod
    def _load(model: bytes, disabled: list[str]) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = 1
        # What onnxruntime's Python says of its second try goes to the standard output.
        with contextlib.redirect_stdout(io.StringIO()):
            return onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"], disabled_optimizers=disabled
            )

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(self._names, self._session.run(self._names, dict(feeds)), strict=True))


def _short(fault: Exception) -> str:
    return f"{type(fault).__name__}: {' '.join(str(fault).split())[:400]}"


# --- many programs ----------------------------------------------------------------------------------------------------


#: Checks the program of a seed, and tells what happens next.
Check: TypeAlias = Callable[[int, Callable[[str], None]], Outcome]


def check_seed(seed: int, tell: Callable[[str], None]) -> Outcome:
    """What becomes of the program of a seed."""
    return check_program(random_program(seed), tell)


def work(connection: Connection, check: Check) -> None:
    """Check the programs whose seeds come, until None comes: what a process of its own does."""
    # What a session has to say comes as an exception, too.
    onnxruntime.set_default_logger_severity(4)
    while (seed := connection.recv()) is not None:
        connection.send(check(seed, connection.send))


class Worker:
    """A process that checks programs.

    Attributes:
        seed: of the program that it is at; None if it has none.
    """

    def __init__(self, check: Check) -> None:
        # A process that starts anew has no thread of another one's onnxruntime.
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self._process = context.Process(target=work, args=(other, check), daemon=True)
        self._process.start()
        other.close()
        self.seed: int | None = None
        self._stage, self._begin = "", 0.0

    def begin(self, seed: int) -> None:
        """Have it check a program."""
        self.seed, self._stage, self._begin = seed, "start", time.monotonic()
        self.connection.send(seed)

    def received(self) -> Outcome | None:
        """What became of the program, if the message that has come says it; a process that has died counts as well."""
        try:
            found = self.connection.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            return self._ended("crash", f"exit code {self._process.exitcode}")
        if isinstance(found, str):
            self._stage = found
            return None
        return found

    def overdue(self) -> Outcome | None:
        """What became of a program that takes too long: the process is ended."""
        if self.seed is None or time.monotonic() - self._begin < PATIENCE:
            return None
        self.end()
        return self._ended("hang", f"{PATIENCE:.0f} s")

    def _ended(self, kind: str, what: str) -> Outcome:
        return Outcome(Counter(programs=1), differences=[Difference(kind, self._stage, what)])

    def alive(self) -> bool:
        return self._process.is_alive()

    def end(self) -> None:
        self._process.kill()
        self._process.join()


def outcomes(seeds: Iterator[int], jobs: int, check: Check = check_seed) -> Iterator[tuple[int, Outcome]]:
    """What becomes of the programs of some seeds, in the order in which they are done."""
    workers = [Worker(check) for _ in range(jobs)]
    try:
        while True:
            for index, worker in enumerate(workers):
                if worker.seed is None and (seed := next(seeds, None)) is not None:
                    if not worker.alive():
                        workers[index] = worker = Worker(check)
                    worker.begin(seed)
            busy = {worker.connection: worker for worker in workers if worker.seed is not None}
            if not busy:
                return
            ready = [busy[one] for one in wait(list(busy), timeout=1) if isinstance(one, Connection)]
            for worker in busy.values():
                outcome = worker.received() if worker in ready else worker.overdue()
                if outcome is not None and worker.seed is not None:
                    yield worker.seed, outcome
                    worker.seed = None
    finally:
        for worker in workers:
            worker.end()


def show(seed: int, outcome: Outcome) -> None:
    """Print the differences of a program, and the program."""
    for one in outcome.differences:
        print(f"DIFFERENCE {one.kind} seed {seed} ({one.where}): {one.what}", flush=True)
    print("    " + random_program(seed).text.replace("\n", "\n    "), flush=True)


def summarize(total: Outcome, seconds: float) -> None:
    """Print the figures."""
    counts = total.counts
    programs, refused = counts["programs"], counts["refused"]
    print(f"\n{programs:,} programs in {seconds:.0f} s, {seconds / max(programs, 1):.2f} s each")
    print(f"{programs - refused:,} valid ({1 - refused / max(programs, 1):.0%}); refused by {_listed(total.codes)}")
    print(", ".join(f"{name}: {counts[name]:,}" for name in sorted(counts) if name not in ("programs", "refused")))
    print(f"layers: {_listed(total.layers)}")
    print(f"runs of builds with operators: {_listed(total.operators)}")
    print(f"fusions: {_listed(total.fusions)}")
    print(f"statements: {_listed(total.features)}")
    print(f"differences: {_listed(Counter(one.kind for one in total.differences))}")


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common()) or "none"


def main() -> None:
    """Check the programs and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=int, help="how many programs")
    parser.add_argument("--seed", type=int, default=0, help="of the first program; the next ones have the next seeds")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    parser.add_argument("--stop-after", type=int, metavar="N", help="stop after so many programs with differences")
    arguments = parser.parse_args()
    total, wrong, begin = Outcome(), 0, time.monotonic()
    seeds = iter(range(arguments.seed, arguments.seed + arguments.programs))
    for seed, outcome in outcomes(seeds, arguments.jobs):
        total.add(outcome)
        if outcome.differences:
            wrong += 1
            show(seed, outcome)
        if total.counts["programs"] % 100 == 0:
            print(f"{total.counts['programs']:,} programs, {wrong} with differences", flush=True)
        if arguments.stop_after and wrong >= arguments.stop_after:
            break
    summarize(total, time.monotonic() - begin)
    raise SystemExit(wrong > 0)


if __name__ == "__main__":
    main()
