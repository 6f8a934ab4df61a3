"""Builds and runs that get a signal at a random moment, and what they leave.

    python benchmarks/signals.py [ROUNDS]

SIGINT, SIGTERM and SIGHUP end a command with what shells say of them, and nothing is left; a SIGHUP that the caller
ignores, as `nohup` does, changes nothing. Then either the old model is there or the new one, whole. What SIGKILL leaves
is gone after the next build and run. The figures are printed, and the exit code is 1 if anything was lost or left.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import onnx

#: 80 MB of weights, in a file of their own, and 160 MB, for which `run` makes a temporary file.
BUILT = "model net { input x: float32[N, 64] output y = x -> dense(5000) -> dense(4000) }\n"
RUN = "model net { input x: float32[N, 64] output y = x -> dense(6300) -> dense(6300) }\n"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, "nohup")
LONGEST_DELAY = 3.0


def digest(output: Path) -> str:
    """What the model is, with its data; empty where there is none, or it is not whole."""
    try:
        return hashlib.sha256(onnx.load(output).SerializeToString(deterministic=True)).hexdigest()
    except (OSError, ValueError, onnx.checker.ValidationError):
        return ""


class Place:
    """A folder with texts and a model, and one for temporary files."""

    def __init__(self, root: Path) -> None:
        self.folder, self.temporary = root / "folder", root / "temporary"
        self.folder.mkdir()
        self.temporary.mkdir()
        (self.folder / "built.nn").write_text(BUILT)
        (self.folder / "run.nn").write_text(RUN)
        self.output = self.folder / "net.onnx"

    def start(self, what: str, seed: int, hangup_ignored: bool = False) -> subprocess.Popen[str]:
        build = ["build", "built.nn", "-o", self.output.name, "--seed", str(seed)]
        command = [sys.executable, "-m", "dotnn", *(build if what == "build" else ["run", "run.nn", "--random", "1"])]

        def prepare() -> None:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_IGN if hangup_ignored else signal.SIG_DFL)

        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "encoding": "utf-8"}
        environment = os.environ | {"TMPDIR": str(self.temporary)}
        return subprocess.Popen(command, cwd=self.folder, env=environment, preexec_fn=prepare, **pipes)

    def finish(self, what: str, seed: int) -> None:
        running = self.start(what, seed)
        _, said = running.communicate()
        if running.returncode:
            raise SystemExit(said)

    def left(self) -> set[str]:
        """The names of all files that are not the texts, the model and its data."""
        model = onnx.load(self.output, load_external_data=False)
        data = {one.external_data[0].value for one in model.graph.initializer if one.external_data}
        found = {path.name for path in self.folder.iterdir()} - {"built.nn", "run.nn", self.output.name, *data}
        return found | {path.name for path in self.temporary.iterdir() if path.name.startswith((".dotnn", "dotnn"))}


def main() -> None:
    """Send signals, and print the figures."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    random.seed(rounds)
    codes: Counter[str] = Counter()
    litter: Counter[str] = Counter()
    faults: list[str] = []
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        place = Place(Path(directory))
        whole = set()
        for seed in (1, 2):
            place.finish("build", seed)
            whole.add(digest(place.output))
        for number in range(rounds):
            sent, what = SIGNALS[number % len(SIGNALS)], random.choice(("build", "build", "run"))
            running = place.start(what, seed=random.choice((1, 2)), hangup_ignored=sent == "nohup")
            time.sleep(random.uniform(0, LONGEST_DELAY))
            running.send_signal(signal.SIGHUP if isinstance(sent, str) else sent)
            _, said = running.communicate()
            name = sent if isinstance(sent, str) else sent.name
            where = f"{what}, {name}: exit code {running.returncode}"
            codes[where] += 1
            if "Traceback" in said and "dotnn" in said:
                faults.append(f"{where}: {said}")
            if sent == "nohup" and running.returncode:
                faults.append(f"{where}: {said}")
            if digest(place.output) not in whole:
                faults.append(f"{where}: the model is not whole")
            if sent == signal.SIGKILL:
                litter["after SIGKILL"] += bool(place.left())
                place.finish("build", seed=1)
                place.finish("run", seed=1)
            if left := place.left():
                faults.append(f"{where}: left {left}")
    print(f"{rounds} signals in {time.monotonic() - start:.0f} s")
    print(*(f"  {count:3} {where}" for where, count in sorted(codes.items())), sep="\n")
    print(f"SIGKILL left something {litter['after SIGKILL']} times, before the next build and run")
    print(f"lost, half or left over: {len(faults)}", *faults, sep="\n  ")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
