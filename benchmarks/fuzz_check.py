"""Whether ``dotnn check -`` answers any text: within 10 s and 1 GiB, with exit code 0 or 1, and never with a traceback.

    python benchmarks/fuzz_check.py [--only REGEX] [--seconds N]

* every attack of ``tests/helpers/attacks``, up to a megabyte, each in a process of its own;
* texts of random bytes, characters and words, likewise, for about ``--seconds`` seconds;
* every beginning of every example, and every example without any single one of its tokens, in this process.

It prints what is out of bounds as it meets it, then the figures, and ends with 1 if anything was.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from dotnn.cli.terminal import exit_code  # noqa: E402
from dotnn.compiler.diagnostics.render import render_all  # noqa: E402
from dotnn.compiler.driver import check  # noqa: E402

from tests.helpers import attacks  # noqa: E402

CHECK = (sys.executable, "-m", "dotnn", "check", "-")
MOST_SECONDS, MOST_BYTES = 10.0, 2**30
#: A process that takes longer is ended: something hangs.
PATIENCE = 60.0


@dataclass
class Figures:
    """What was measured over some texts."""

    title: str
    texts: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    largest: tuple[int, str] = (0, "")
    faults: list[str] = field(default_factory=list)

    def add(self, name: str, code: int, seconds: float, memory: int = 0, fault: str = "") -> None:
        """Count one text."""
        self.texts += 1
        self.codes[code] += 1
        self.slowest = max(self.slowest, (seconds, name))
        self.largest = max(self.largest, (memory, name))
        if not fault and (seconds > MOST_SECONDS or memory > MOST_BYTES):
            fault = f"{seconds:.1f} s, {memory / 2**20:.0f} MiB"
        if fault:
            self.faults.append(name)
            print(f"OUT OF BOUNDS {name}: {fault}", flush=True)

    def show(self) -> None:
        """Print them."""
        codes = ", ".join(f"{code}: {count:,}" for code, count in sorted(self.codes.items()))
        memory = f"; most memory {self.largest[0] / 2**20:.0f} MiB ({self.largest[1]})" if self.largest[0] else ""
        print(
            f"{self.title}: {self.texts:,} texts; exit codes {codes}; slowest {self.slowest[0]:.2f} s"
            f" ({self.slowest[1]}){memory}; {len(self.faults)} out of bounds"
        )


def check_in_process(figures: Figures, name: str, data: bytes) -> None:
    """Let a process of its own check a text."""
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as said:
        source.write(data)
        source.seek(0)
        begin = time.perf_counter()
        process = subprocess.Popen(CHECK, stdin=source, stdout=said, stderr=subprocess.STDOUT)
        status, memory = _wait(process)
        seconds = time.perf_counter() - begin
        said.seek(0)
        fault = _fault(status, said.read())
    figures.add(name, status, seconds, memory, fault)


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Exit code and peak resident memory of a process, which is ended when it takes too long."""
    deadline = time.perf_counter() + PATIENCE
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            # macOS counts bytes, Linux kibibytes.
            return process.returncode, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        if time.perf_counter() > deadline:
            process.kill()
        time.sleep(0.005)


def _fault(code: int, said: bytes) -> str:
    if code not in (0, 1) or b"Traceback" in said:
        return f"exit code {code}: {said[-300:].decode(errors='replace')}"
    if (b"error[E" in said) != (code == 1):
        return f"exit code {code} does not go with what was printed"
    return ""


def run_attacks(only: str) -> Figures:
    """Every attack."""
    figures = Figures("attacks")
    for name in attacks.ATTACKS:
        if re.search(only, name):
            check_in_process(figures, name, attacks.text_of(name))
    return figures


def run_random(seconds: float) -> Figures:
    """Random texts until the time is over."""
    figures = Figures("random texts")
    deadline = time.perf_counter() + seconds
    for seed in range(1_000_000):
        if time.perf_counter() > deadline:
            break
        check_in_process(figures, f"seed {seed}", random_text(random.Random(seed)))
    return figures


def random_text(source: random.Random) -> bytes:
    """Bytes, characters, or words of the examples, from a few to a megabyte of them."""
    length = int(10 ** source.uniform(1, 5.9))
    kind = source.randrange(4)
    if kind == 0:
        return source.randbytes(length)
    if kind == 1:
        return "".join(chr(source.randint(32, 0x2FF)) for _ in range(length // 2)).encode()
    words = [match.group() for _, text in examples() for match in attacks.TOKEN.finditer(text) if text]
    soup = "\n".join(source.choices(words, k=length // 8))
    return (soup if kind == 2 else f"model m {{ input x: float32[N, 8]\n {soup}").encode()


def examples() -> Iterator[tuple[str, str]]:
    """Every example, by name."""
    for path in sorted((ROOT / "examples").rglob("*.nn")):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def run_maimed(title: str, only: str, maim: str) -> Figures:
    """Every example with something missing, beside what it imports."""
    figures = Figures(title)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "examples", Path(folder) / "examples")
        for name, text in examples():
            mutant = (Path(folder) / name).with_name("mutant.nn")
            for number, maimed in enumerate(getattr(attacks, maim)(text) if re.search(only, name) else ()):
                mutant.write_text(maimed, encoding="utf-8")
                check_here(figures, f"{name} {number}", mutant)
    return figures


def check_here(figures: Figures, name: str, path: Path) -> None:
    """Check and render in this process: an exception ends the run."""
    begin = time.perf_counter()
    diagnostics = check(path).diagnostics
    said = render_all(diagnostics, color=False, width=None)
    code = exit_code(diagnostics)
    fault = "" if (code == 1) == ("error[E" in said) and code in (0, 1) else f"exit code {code}"
    figures.add(name, code, time.perf_counter() - begin, fault=fault)


def main() -> None:
    """Run everything and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="REGEX", help="attacks and examples with such names")
    parser.add_argument("--seconds", type=float, default=120, help="how long to check random texts")
    arguments = parser.parse_args()
    runs = [
        run_maimed("beginnings of examples", arguments.only, "prefixes"),
        run_maimed("examples without one token", arguments.only, "without_single_tokens"),
        run_attacks(arguments.only),
        run_random(arguments.seconds),
    ]
    for figures in runs:
        figures.show()
    raise SystemExit(any(figures.faults for figures in runs))


if __name__ == "__main__":
    main()
