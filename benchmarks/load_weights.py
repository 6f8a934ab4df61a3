"""Time and peak memory of ``dotnn build --weights``, beside ``torch.load`` and ``torch.onnx.export`` of the same model.

    python benchmarks/load_weights.py [MEGABYTES] [RUNS]

The model is a row of dense layers of 16.8 million numbers each, 1,000 MB unless told otherwise. Its weights are written
once, as ``.safetensors`` for dotnn and as ``.pt`` for PyTorch. Every run is a process of its own, which starts with the
files in the system's cache; what is shown is the median, imports included. PyTorch has two exporters: its default one
needs onnxscript and is left out where that is missing.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

MB = 10**6
WIDTH = 4096
#: Bytes of a layer.
LAYER = 4 * (WIDTH * WIDTH + WIDTH)

_WRITE = """
import sys, torch
from safetensors.torch import save_file
folder, width, layers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
state = {}
for place in range(layers):
    state[f"fc{place}.weight"] = torch.randn(width, width) / width**0.5
    state[f"fc{place}.bias"] = torch.zeros(width)
save_file(state, f"{folder}/net.safetensors")
torch.save(state, f"{folder}/net.pt")
"""
_EXPORT = """
import sys, torch
from torch import nn
folder, width, layers, dynamo = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "dynamo"
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        for place in range(layers):
            setattr(self, f"fc{place}", nn.Linear(width, width, device="meta"))
    def forward(self, x):
        for place in range(layers):
            x = torch.relu(getattr(self, f"fc{place}")(x))
        return x
network = Net()
state = torch.load(f"{folder}/net.pt", weights_only=True, mmap=len(sys.argv) > 5)
network.load_state_dict(state, assign=True)
network.eval()
torch.onnx.export(network, (torch.zeros(2, width),), f"{folder}/torch.onnx", dynamo=dynamo)
"""


def measured(command: Sequence[str]) -> tuple[float, int]:
    """Seconds of a command, and the most bytes that it held at a time.

    Raises:
        SystemExit: it failed.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode}")
    # macOS counts bytes, Linux kibibytes.
    return time.perf_counter() - start, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def source(layers: int) -> str:
    """The text of the model."""
    stack = " ".join(f"-> fc{place}: dense({WIDTH}) -> relu" for place in range(layers))
    return f"model net {{ input x: float32[N, {WIDTH}] output y = x {stack} }}"


def commands(folder: Path, layers: int) -> dict[str, list[str]]:
    """What is measured, by what it is."""
    build = [sys.executable, "-m", "dotnn", "build", str(folder / "net.nn"), "--output", str(folder / "net.onnx")]
    export = [sys.executable, "-W", "ignore", "-c", _EXPORT, str(folder), str(WIDTH), str(layers)]
    found = {
        "dotnn build --weights net.safetensors": [*build, "--weights", str(folder / "net.safetensors")],
        "dotnn build --weights net.pt": [*build, "--weights", str(folder / "net.pt")],
        "torch.load, torch.onnx.export(dynamo=False)": [*export, "script"],
    }
    if find_spec("onnxscript") is None:
        return found
    return {
        **found,
        "torch.load, torch.onnx.export": [*export, "dynamo"],
        "torch.load(mmap=True), torch.onnx.export": [*export, "dynamo", "mmap"],
    }


def main() -> None:
    """Print the table."""
    given = [int(word) for word in sys.argv[1:]]
    megabytes, runs = (*given, *(1000, 3)[len(given) :])
    layers = max(1, round(megabytes * MB / LAYER))
    print(f"{layers} dense layers, {layers * LAYER / MB:,.0f} MB, medians of {runs}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "net.nn").write_text(source(layers), encoding="utf-8")
        subprocess.run([sys.executable, "-c", _WRITE, name, str(WIDTH), str(layers)], check=True)
        print(f"{'':46}{'seconds':>10}{'peak, MB':>10}")
        for what, command in commands(folder, layers).items():
            found = [_one(command, folder) for _ in range(runs)]
            seconds, peak = (statistics.median(column) for column in zip(*found, strict=True))
            print(f"{what:46}{seconds:>10.1f}{peak / MB:>10,.0f}", flush=True)


def _one(command: Sequence[str], folder: Path) -> tuple[float, int]:
    """A run that begins without the files of the last one, whose bytes would stand in the system's way."""
    for made in folder.glob("*.onnx*"):
        made.unlink()
    return measured(command)


if __name__ == "__main__":
    main()
