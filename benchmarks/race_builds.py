"""Pairs of processes that build to one place at the same time, and what is there afterwards.

    python benchmarks/race_builds.py [PAIRS]

Each pair has one output and differs in weights, in the model, or in whether the weights are in a file of their own; one
starts a random moment after the other. In some pairs one of the two is killed at a random moment, cannot write for a
full disk, or finds its folder gone. Afterwards the output must be one of the two models, or the one that was there
before, whole, with its own data and nothing else. What a killed process leaves is removed by one more build beside it.

A full disk is a limit of the file's size, which stops the stream of weights just so. The figures are printed, and the
exit code is 1 if anything was lost or left.
"""

from __future__ import annotations

import hashlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import onnx

#: 80 MB of weights, which go to a file of their own, and 3 MB, which stay in the model.
LARGE = "model net { input x: float32[N, 64] output y = x -> dense(5000) -> dense(4000) }\n"
SMALL = "model net { input x: float32[N, 64] output y = x -> dense(5000) -> dense(90) }\n"
#: By name: the text and the seed of each side. The same bytes from both sides are a race, too.
PAIRINGS = {
    "other weights": ((LARGE, 1), (LARGE, 2)),
    "other models": ((LARGE, 1), (LARGE.replace("4000", "4100"), 1)),
    "one inline": ((LARGE, 1), (SMALL, 1)),
    "both inline": ((SMALL, 1), (SMALL, 2)),
    "the same": ((LARGE, 1), (LARGE, 1)),
}
#: What happens to the second one.
FATES = ("none", "none", "none", "killed", "full disk", "folder gone")
LONGEST_DELAY = 0.6


@dataclass
class Figures:
    """What came of all pairs."""

    fates: Counter[str] = field(default_factory=Counter)
    last: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def build(
    text: str, seed: int, folder: Path, output: Path, limit: Callable[[], object] | None = None
) -> subprocess.Popen:
    source = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:8]}.nn"
    source.write_text(text)
    # The path of the text stands in the model.
    command = [sys.executable, "-m", "dotnn", "build", source.name, "-o", str(output), "--seed", str(seed)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder, stderr=subprocess.PIPE, preexec_fn=limit)


def full_disk() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


def digest(output: Path) -> str:
    """What the model is, with its data; empty where there is none, or it is not whole."""
    try:
        model = onnx.load(output)
    except (OSError, ValueError, onnx.checker.ValidationError):
        return ""
    return hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()


def referenced(output: Path) -> set[str]:
    model = onnx.load(output, load_external_data=False)
    return {entry.external_data[0].value for entry in model.graph.initializer if entry.external_data}


def race(pairing: str, fate: str, folder: Path, whole: dict[tuple[str, int], str], figures: Figures) -> None:
    sources, place = folder / "sources", folder / "place"
    sources.mkdir()
    place.mkdir()
    output = place / "net.onnx"
    sides = list(PAIRINGS[pairing])
    random.shuffle(sides)
    before = random.choice([None, (LARGE, 3), (SMALL, 3)])
    if before is not None:
        assert build(*before, sources, output).wait() == 0
    first = build(*sides[0], sources, output)
    time.sleep(random.uniform(0, LONGEST_DELAY))
    second = build(*sides[1], sources, output, full_disk if fate == "full disk" else None)
    if fate == "killed":
        time.sleep(random.uniform(0.3, 1.6))
        second.kill()
    if fate == "folder gone":
        time.sleep(random.uniform(0.3, 1.6))
        shutil.rmtree(place, ignore_errors=True)
    codes = [one.wait() for one in (first, second)]
    said = [one.stderr.read().decode() for one in (first, second) if one.stderr is not None]
    check(pairing, fate, place, codes, said, [whole[side] for side in (*sides, before) if side], figures)


def check(
    pairing: str, fate: str, place: Path, codes: list[int], said: list[str], wanted: list[str], figures: Figures
) -> None:
    where = f"{pairing}, {fate}, exit codes {codes}"
    figures.fates[fate] += 1
    if any("Traceback" in text for text in said):
        figures.lost.append(f"{where}: a traceback")
    output = place / "net.onnx"
    if fate == "folder gone":
        # Whoever came later may have written to the folder while it was being removed; nothing may be half.
        if output.exists() and digest(output) not in wanted:
            figures.lost.append(where)
        return
    if codes[0] != 0 or (fate == "none" and codes[1] != 0):
        figures.lost.append(f"{where}: {said}")
    found = digest(output)
    if found not in wanted[:2]:
        figures.lost.append(where)
        return
    figures.last["first" if found == wanted[0] else "second"] += 1
    if fate == "killed":
        assert build(SMALL, 4, place.parent / "sources", place / "other.onnx").wait() == 0
        (place / "other.onnx").unlink()
    left = {path.name for path in place.iterdir()} - {output.name, *referenced(output)}
    figures.left += [f"{where}: {name}" for name in sorted(left)]


def main() -> None:
    """Race, and print the figures."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    random.seed(pairs)
    figures, start = Figures(), time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        whole: dict[tuple[str, int], str] = {}
        for side in {side for sides in PAIRINGS.values() for side in sides} | {(LARGE, 3), (SMALL, 3)}:
            assert build(*side, root, root / "net.onnx").wait() == 0
            whole[side] = digest(root / "net.onnx")
        for number in range(pairs):
            folder = root / str(number)
            folder.mkdir()
            pairing, fate = random.choice(list(PAIRINGS)), random.choice(FATES)
            race(pairing, fate, folder, whole, figures)
            shutil.rmtree(folder)
    print(f"{pairs} pairs in {time.monotonic() - start:.0f} s: {dict(figures.fates)}")
    print(f"who came last: {dict(figures.last)}")
    print(f"lost or half: {len(figures.lost)}", *figures.lost, sep="\n  ")
    print(f"files left over: {len(figures.left)}", *figures.left, sep="\n  ")
    sys.exit(bool(figures.lost or figures.left))


if __name__ == "__main__":
    main()
