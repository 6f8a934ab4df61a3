"""Peak resident memory and seconds of ``dotnn build`` and ``dotnn run`` of large examples, beside their weights' size.

    python benchmarks/build_memory.py [--build] [SOURCE …]

With ``--build``, only the plain build is measured. Every command is a process of its own; the target of builds is 1.3
times the weights plus 300 MB. A run holds the weights twice, mapped from a temporary file and as onnxruntime packs
them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

MB = 10**6
ZOO = Path(__file__).parents[1] / "examples" / "zoo"
EXAMPLES = (ZOO / "vgg16.nn", ZOO / "vit_b_16.nn")
BUILD = [sys.executable, "-m", "dotnn", "build"]


def measured(command: Sequence[str]) -> tuple[int, float, float]:
    """The most bytes that a command held at a time, its seconds, and its seconds of processors.

    Raises:
        SystemExit: it failed.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode} of {' '.join(command)}")
    # macOS counts bytes, Linux kibibytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return peak, seconds, usage.ru_utime + usage.ru_stime


def commands(source: Path, directory: Path) -> dict[str, list[str]]:
    """The commands to measure, by what they do; one reads what an earlier one writes."""
    output, weights = str(directory / "net.onnx"), str(directory / "net.safetensors")
    build = [*BUILD, str(source), "--output", output]
    return {
        "build": build,
        "build --no-optimize": [*build, "--no-optimize"],
        "build --save-weights .safetensors": [*build, "--save-weights", weights],
        "build --weights .safetensors": [*build, "--weights", weights],
        "build --save-weights .npz": [*build, "--save-weights", str(directory / "net.npz")],
        "build --weights .npz": [*build, "--weights", str(directory / "net.npz")],
        "run --random 1": [sys.executable, "-m", "dotnn", "run", str(source), "--random", "1", "--provider", "cpu"],
    }


def table(source: Path, build_only: bool) -> None:
    """Print the figures of an example."""
    from dotnn.compiler import compile_file

    weights = compile_file(source).weights_bytes
    target = 1.3 * weights + 300 * MB
    print(f"{source.name}: weights {weights / MB:,.0f} MB, target {target / MB:,.0f} MB")
    print(f"{'':36}{'peak, MB':>10}{'of target':>12}{'seconds':>10}{'CPU':>8}")
    with tempfile.TemporaryDirectory() as directory:
        for name, command in commands(source, Path(directory)).items():
            if name == "build" or not build_only:
                peak, seconds, used = measured(command)
                print(f"{name:36}{peak / MB:>10,.0f}{peak / target:>12.0%}{seconds:>10.1f}{used:>8.1f}", flush=True)


def main() -> None:
    """Print a table for each example."""
    words = sys.argv[1:]
    sources = [Path(word) for word in words if word != "--build"]
    for source in sources or EXAMPLES:
        table(source, build_only="--build" in words)


if __name__ == "__main__":
    main()
