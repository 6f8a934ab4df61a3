"""Every network of the zoo at its published size: built for all targets, run, and held against the text as written.

    python benchmarks/zoo.py [NAME ...] [--reference] [--runs N]

For each network: seconds of ``dotnn check``, seconds and peak memory of ``dotnn build``, each a process of its own and
the median of several runs; then, with weights and inputs that show mistakes, the largest difference of any output of
the three targets, optimized by dotnn and by onnxruntime, from the network built as it was written and run without any
optimizer, relative to the largest number; and the same for a build in float16 whose inputs and outputs stay float32.
With ``--reference``, every layer is held against the numpy reference in float64 as well, which takes minutes for the
large ones.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
from build_cost import MIB, run  # noqa: E402
from dotnn.compiler import DotnnError, compile_file  # noqa: E402
from dotnn.compiler.compiled import Compiled  # noqa: E402
from dotnn.compiler.reference_evaluation import evaluate, named_results  # noqa: E402
from dotnn.compiler.weights.weight_values import WeightValues  # noqa: E402

from tests.helpers.example_facts import example_path  # noqa: E402
from tests.helpers.harness import (  # noqa: E402
    TARGETS,
    AllValues,
    NontrivialWeights,
    error,
    he_normal_source,
    mismatches,
    random_feeds,
)
from tests.helpers.zoo_facts import ZOO_FACTS  # noqa: E402

DOTNN = [sys.executable, "-m", "dotnn"]
Arrays = Mapping[str, np.ndarray]


def outputs_of(model: Compiled, weights: NontrivialWeights, feeds: Arrays, *, optimize: bool, **build: Any) -> Arrays:
    """What a build computes, by onnxruntime with or without its optimizer."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        model.save(path, optimize=optimize, weights=weights, **build)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if not optimize:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, dict(feeds)), strict=True))


def worst(found: Arrays, expected: Arrays) -> float:
    return max(error(found[name], expected[name]) for name in expected)


def numbers(name: str, reference: bool) -> dict[str, float | str]:
    """The differences of a network's builds, by what was built."""
    path, facts = example_path(name), ZOO_FACTS[name]
    model = compile_file(path)
    weights, feeds = he_normal_source(model.graph), random_feeds(model.graph, facts.sizes)
    expected = outputs_of(model, weights, feeds, optimize=False, target="onnx")
    found: dict[str, float | str] = {}
    for target in TARGETS:
        found[target] = worst(outputs_of(model, weights, feeds, optimize=True, target=target), expected)
        gc.collect()
    try:
        half = outputs_of(model, weights, feeds, optimize=True, dtype="float16", keep_io=True)
        found["float16"] = worst(half, expected)
    except DotnnError as fault:
        found["float16"] = fault.diagnostics[0].code
    if reference:
        found["layers"] = layers_off(model, weights, feeds)
    return found


def layers_off(model: Compiled, weights: NontrivialWeights, feeds: Arrays) -> float:
    """The largest difference of any layer of the default build from the reference."""
    wanted = named_results(model.graph, evaluate(model.graph, feeds, WeightValues(0, weights)))
    values = AllValues(model.to_bytes(weights=weights)).run(feeds)
    return max(mismatches(values, wanted, tolerance=-1.0).values())


def measured(name: str, runs: int) -> tuple[float, float, float]:
    """Seconds of a check; seconds and peak MiB of a build."""
    path = str(example_path(name))
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder) / "net.onnx")
        checks = [run([*DOTNN, "check", path], None).elapsed for _ in range(runs)]
        builds = [run([*DOTNN, "build", path, "--output", output], None) for _ in range(runs)]
    return (
        statistics.median(checks),
        statistics.median(one.elapsed for one in builds),
        statistics.median(one.peak for one in builds) / MIB,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="by default all")
    parser.add_argument("--reference", action="store_true")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--numbers", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.numbers:
        print(json.dumps(numbers(chosen.names[0], chosen.reference)))
        return
    kinds = [*TARGETS, "float16", *(["layers"] if chosen.reference else [])]
    heads = ("check s", "build s", "peak MiB", *kinds)
    print(f"{'':24}{'weights MB':>12}" + "".join(f"{head:>16}" for head in heads))
    failed = False
    for name in chosen.names or sorted(ZOO_FACTS):
        begin = time.perf_counter()
        check, build, peak = measured(name, chosen.runs)
        call = [sys.executable, __file__, name, "--numbers", *(["--reference"] if chosen.reference else [])]
        ended = subprocess.run(call, capture_output=True, text=True)
        if ended.returncode:
            print(f"{name}: {ended.stderr[-2000:]}")
            failed = True
            continue
        found = json.loads(ended.stdout.splitlines()[-1])
        cells = [f"{found[kind]:>16.1e}" if isinstance(found[kind], float) else f"{found[kind]:>16}" for kind in kinds]
        failed |= any(found[target] > 1e-4 for target in (*TARGETS, *kinds[4:]))
        weights = compile_file(example_path(name)).weights_bytes / 1e6
        row = f"{name:24}{weights:>12.1f}{check:>16.2f}{build:>16.2f}{peak:>16.0f}" + "".join(cells)
        print(f"{row}    {time.perf_counter() - begin:.0f} s", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
