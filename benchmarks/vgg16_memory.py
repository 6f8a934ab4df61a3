"""Peak resident memory of ``dotnn build`` and ``dotnn run`` of `examples/zoo/vgg16.nn`, beside the size of the weights.

    python benchmarks/vgg16_memory.py [SOURCE]

Every command is a process of its own; the target of builds is 1.3 times the weights plus 300 MB. A run holds the
weights twice, mapped from a temporary file and as onnxruntime packs them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

MB = 10**6
EXAMPLE = Path(__file__).parents[1] / "examples" / "zoo" / "vgg16.nn"
BUILD = [sys.executable, "-m", "dotnn", "build"]


def peak_memory(command: Sequence[str]) -> int:
    """The most bytes that a command held at a time.

    Raises:
        SystemExit: it failed.
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode} of {' '.join(command)}")
    # macOS counts bytes, Linux kibibytes.
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


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


def main() -> None:
    """Print the table."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLE
    from dotnn.compiler import compile_file

    weights = compile_file(source).weights_bytes
    target = 1.3 * weights + 300 * MB
    print(f"{source.name}: weights {weights / MB:,.0f} MB, target {target / MB:,.0f} MB")
    print(f"{'':36}{'peak, MB':>10}{'of target':>12}")
    with tempfile.TemporaryDirectory() as directory:
        for name, command in commands(source, Path(directory)).items():
            peak = peak_memory(command)
            print(f"{name:36}{peak / MB:>10,.0f}{peak / target:>12.0%}", flush=True)


if __name__ == "__main__":
    main()
