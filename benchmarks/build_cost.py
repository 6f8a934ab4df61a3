"""Time and peak memory of ``dotnn check`` and ``dotnn build``, of this version and of another one in turn.

    python benchmarks/build_cost.py [--runs N] [--sizes 1000,10000,100000] [OTHER_PYTHON]

``OTHER_PYTHON`` is the Python of an environment with the version to compare with, such as the commit before. Every
command is a process of its own; medians of several runs, the two versions in turn, with the byte code of all modules
kept for the time being, as an installed package has it. Beside the large examples there are models of many small
layers, for the cost of each.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

EXAMPLES = Path(__file__).parents[1] / "examples"
MIB = 1 << 20
#: What a loop of layers holds; five layers a turn.
BODY = "relu -> dense(4) -> tanh -> batch_norm -> sigmoid"
#: Seconds of a command that compiling the modules adds little to.
_LONG = 20
LIMITS = ("nodes", "steps", "tokens")


class Taken(NamedTuple):
    """Seconds by the clock and by the processor, and the most bytes held at a time."""

    elapsed: float
    processor: float
    peak: int


def run(command: Sequence[str], environment: dict[str, str] | None) -> Taken:
    """Run a command once.

    Raises:
        SystemExit: it failed.
    """
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode} of {' '.join(command)}")
    # macOS counts bytes, Linux kibibytes.
    return Taken(elapsed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def many_layers(count: int) -> str:
    """A model of so many small layers, one behind the other."""
    return (
        "model many() {\n    input x: float32[N, 4]\n    h0 = x -> relu\n"
        f"    h = h0 -> repeat({count // 5}) {{ {BODY} }}\n    output y = h\n}}\n"
    )


def commands(folder: Path, sizes: Sequence[int]) -> dict[str, list[str]]:
    """What is measured, by what it is called; the arguments of Python."""
    dotnn, output = ["-m", "dotnn"], ["--output", str(folder / "net.onnx")]
    found = {"python -c pass": ["-c", "pass"]}
    for name in ("mnist_cnn", "zoo/resnet152"):
        found[f"check {name}"] = [*dotnn, "check", str(EXAMPLES / f"{name}.nn")]
    for name in ("mnist_cnn", "zoo/resnet152", "zoo/vgg16"):
        found[f"build {name}"] = [*dotnn, "build", str(EXAMPLES / f"{name}.nn"), *output]
    for size in sizes:
        path = folder / f"many{size}.nn"
        path.write_text(many_layers(size), encoding="utf-8")
        raised = [word for limit in LIMITS for word in ("--limit", f"{limit}=100000000")]
        found[f"build {size:,} layers"] = [*dotnn, "build", str(path), *output, *raised]
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--only", default="", help="measure only what has this in its name")
    parser.add_argument("other", nargs="?")
    arguments = parser.parse_args()
    pythons = {"this": sys.executable} | ({"other": arguments.other} if arguments.other else {})
    sizes = [int(size) for size in arguments.sizes.split(",") if size]
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = f"{folder}/bytecode"
        print(f"{'':24}" + "".join(f"{name + ', s':>10}{'cpu, s':>9}{'MiB':>8}" for name in pythons) + "   ratios")
        for name, command in commands(Path(folder), sizes).items():
            if arguments.only in name:
                print_row(
                    name, {key: [python, *command] for key, python in pythons.items()}, arguments.runs, environment
                )


def print_row(name: str, commands: dict[str, list[str]], runs: int, environment: dict[str, str]) -> None:
    """Measure one command of every version, in turn, and print the medians; of quick ones, without a first round."""
    taken: dict[str, list[Taken]] = {key: [] for key in commands}
    for number in range(runs + 1):
        for key, command in commands.items():
            found = run(command, environment)
            if number or found.elapsed > _LONG:
                taken[key].append(found)
        if number + 1 >= runs and min(map(len, taken.values())) >= runs:
            break
    medians = {key: Taken(*map(statistics.median, zip(*found, strict=True))) for key, found in taken.items()}
    cells = (f"{one.elapsed:>10.3f}{one.processor:>9.3f}{one.peak / MIB:>8.0f}" for one in medians.values())
    text = f"{name:24}" + "".join(cells)
    if "other" in medians:
        ratios = (mine / theirs for mine, theirs in zip(medians["this"], medians["other"], strict=True))
        text += "   " + " ".join(f"{ratio:.2f}" for ratio in ratios)
    print(text, flush=True)


if __name__ == "__main__":
    main()
