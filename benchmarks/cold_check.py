"""How soon ``dotnn check`` answers, as a process, beside what importing its two largest libraries takes.

    python benchmarks/cold_check.py [FILE] [--runs N]

Medians of several runs, taken in turns, with the byte code of all modules kept in a folder for the time being, as an
installed package has it. The target for ``examples/resnet152.nn`` is 0.4 s.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "resnet152.nn"


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """How long a command takes."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", default=str(EXAMPLE))
    parser.add_argument("--runs", type=int, default=11)
    arguments = parser.parse_args()
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        'python -c "import networkx, lark"': [sys.executable, "-c", "import networkx, lark"],
        f"dotnn check {Path(arguments.file).name}": [sys.executable, "-m", "dotnn", "check", arguments.file],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = folder
        for run in range(arguments.runs + 1):
            for name, command in commands.items():
                taken = seconds(command, environment)
                # The first round compiles everything.
                if run:
                    times[name].append(taken)
    for name, taken in times.items():
        print(f"{name:40} median {statistics.median(taken):.3f} s, best {min(taken):.3f} s of {len(taken)}")


if __name__ == "__main__":
    main()
