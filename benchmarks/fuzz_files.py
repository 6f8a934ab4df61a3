"""Whether ``dotnn run`` and ``dotnn build`` answer any file: with exit code 0, 1 or 2 and a message, never a traceback.

    python benchmarks/fuzz_files.py [--only REGEX] [--seconds N] [--seed N]

* directed attacks on every format that is read: models, `.npy`, `.npz`, `.csv`, `.json`, `.safetensors`, images and
  labels, weights of ONNX, Keras and PyTorch, each in a process of its own;
* files forged from valid ones, by flipped bits, cuts, insertions, doubled pieces and known odd values, many in one
  process, which is ended when it takes too long or too much memory, for about ``--seconds`` seconds.

It prints what is out of bounds as it meets it (and keeps the file), then the figures, and ends with 1 if anything was.
onnxruntime runs a model as it is: what a forged model asks it to compute is bounded by the process alone, so a process
that a forged model ends is counted apart, as one of onnxruntime.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from hostile_files import NETWORK, attacks, forged, seeds

MOST_SECONDS, MOST_BYTES = 10.0, 2**30
#: A process that takes longer is ended: something hangs.
PATIENCE = 60.0
#: Larger tensors are only read for a model that has such.
MOST_ELEMENTS = 1 << 24
#: Forged files that one process answers.
BATCH = 60
#: Address space of such a process: onnxruntime's threads and libraries reserve some.
MOST_ADDRESSES = 6 * 2**30

PICTURES = "model net { input x: float32[N, 3, H, W] output y = x -> global_avg_pool2d }"

#: Files of which every tensor is read as well, whether the model has such a name or not.
WEIGHTS = (".weights.onnx", ".weights.h5", ".h5", ".keras", ".pt", ".safetensors.index.json")

# What reads a file, by its ending: the arguments of the command, in which `{}` is the file.
READERS: dict[str, tuple[str, ...]] = {
    ".npy": ("run", "net.onnx", "--provider", "cpu", "--input", "{}"),
    ".npz": ("run", "net.onnx", "--provider", "cpu", "--input", "{}"),
    ".csv": ("run", "net.onnx", "--provider", "cpu", "--input", "{}"),
    ".json": ("run", "net.onnx", "--provider", "cpu", "--input", "{}"),
    ".png": ("run", "pictures.onnx", "--provider", "cpu", "--input", "{}"),
    ".jpg": ("run", "pictures.onnx", "--provider", "cpu", "--input", "{}"),
    ".onnx": ("run", "{}", "--provider", "cpu", "--random", "1"),
    ".safetensors": ("build", "net.nn", "-o", "out.onnx", "--weights", "{}"),
    ".weights.npz": ("build", "net.nn", "-o", "out.onnx", "--weights", "{}"),
    **dict.fromkeys(WEIGHTS, ("build", "net.nn", "-o", "out.onnx", "--weights", "{}")),
    ".txt": ("run", "net.onnx", "--provider", "cpu", "--random", "1", "--labels", "{}"),
}

# Answers ------------------------------------------------------------------------------------------------------------


@dataclass
class Figures:
    """What was measured over some files."""

    title: str
    files: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    largest: tuple[int, str] = (0, "")
    faults: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def add(self, ending: str, title: str, code: int, seconds: float, memory: int, fault: str) -> None:
        """Count one file."""
        name = f"{ending} {title}"
        self.files += 1
        self.codes[code] += 1
        self.kinds[ending] += 1
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
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(self.kinds.items()))
        print(
            f"{self.title}: {self.files:,} files ({kinds}); exit codes {codes}; slowest {self.slowest[0]:.2f} s"
            f" ({self.slowest[1]}); most memory {self.largest[0] / 2**20:.0f} MiB ({self.largest[1]});"
            f" {len(self.ended)} ended by onnxruntime; {len(self.faults)} out of bounds"
        )


def fault_of(code: int, said: str) -> str:
    """What is wrong with an answer; empty if nothing is."""
    if code not in (0, 1, 2) or "Traceback" in said:
        return f"exit code {code}: {said[-400:]}"
    if code and "rror" not in said:
        return f"exit code {code} without a message: {said[-200:]}"
    return ""


def run_attacks(folder: Path, only: str) -> Figures:
    """Every directed attack, each in a process of its own."""
    figures = Figures("attacks")
    for ending, title, content in attacks():
        if not re.search(only, f"{ending} {title}"):
            continue
        path = folder / f"attack{ending}"
        path.write_bytes(content)
        arguments = [part.format(path.name) for part in READERS[ending]]
        with tempfile.TemporaryFile() as said:
            command = (sys.executable, "-m", "dotnn", *arguments)
            process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
            code, memory, seconds = wait(process, PATIENCE)
            said.seek(0)
            text = said.read().decode(errors="replace")
        figures.add(ending, title, code, seconds, memory, fault_of(code, text))
    return figures


def wait(process: subprocess.Popen[bytes], patience: float) -> tuple[int, int, float]:
    """Exit code, peak resident memory and seconds of computing of a process, which is ended when it takes too long."""
    deadline = time.perf_counter() + patience
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
            return process.returncode, memory, usage.ru_utime + usage.ru_stime
        if time.perf_counter() > deadline:
            process.kill()
        time.sleep(0.005)


def run_forged(folder: Path, only: str, seconds: float, seed: int) -> Figures:
    """Forged files until the time is over: a process answers some, and tells of each what came out."""
    figures = Figures("forged files")
    source, valid = random.Random(seed), seeds(folder)
    endings = [ending for ending in valid if re.search(only, ending)]
    deadline = time.perf_counter() + seconds
    while endings and time.perf_counter() < deadline:
        ending = source.choice(endings)
        batch = folder / "batch"
        batch.mkdir()
        for number in range(BATCH):
            (batch / f"{number}{ending}").write_bytes(forged(source, source.choice(valid[ending])))
        answer_batch(figures, folder, batch, ending)
        shutil.rmtree(batch)
    return figures


def answer_batch(figures: Figures, folder: Path, batch: Path, ending: str) -> None:
    """Let processes answer a batch; where one is ended, the next goes on behind the file that ended it."""
    answers = folder / "answers"
    start = 0
    while start < BATCH:
        answers.write_text("")
        command = (sys.executable, __file__, "--answer", str(batch), ending, str(start), str(answers))
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        status, _, _ = wait(process, PATIENCE + MOST_SECONDS)
        for line in answers.read_text().splitlines():
            number, code, taken, memory, fault = json.loads(line)
            figures.add(ending, f"forged {number}", code, taken, memory, fault)
            if fault or memory > MOST_BYTES:
                keep(batch / f"{number}{ending}")
            start = number + 1
        if start == BATCH:
            return
        path = batch / f"{start}{ending}"
        keep(path)
        figures.ended.append(path.name)
        if ending == ".onnx":
            print(f"ended by onnxruntime with {status}: {path.name}", flush=True)
        else:
            figures.add(ending, f"forged {start}", status, 0.0, 0, f"the process ended with {status}")
        start += 1


def keep(path: Path) -> None:
    """Keep a file that was not answered well."""
    kept = Path(tempfile.gettempdir()) / "fuzz_files"
    kept.mkdir(exist_ok=True)
    shutil.copy(path, kept / f"{time.time_ns()}{path.suffix}")


def answer(batch: Path, ending: str, start: int, answers: Path) -> None:
    """Answer the files of a batch from a number on, in this process."""
    import traceback

    from click.testing import CliRunner
    from dotnn.cli.app import app

    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    with answers.open("a") as out:
        for number in range(start, BATCH):
            arguments = [part.format(batch / f"{number}{ending}") for part in READERS[ending]]
            begin = time.process_time()
            # Where nothing catches an exception, a user sees a traceback.
            result = CliRunner().invoke(app, arguments, prog_name="dotnn")
            taken = time.process_time() - begin
            said = result.output
            if result.exc_info is not None and result.exc_info[0] is not SystemExit:
                said += "".join(traceback.format_exception(*result.exc_info))
            if ending in WEIGHTS:
                said += read_tensors(batch / f"{number}{ending}")
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            out.write(json.dumps([number, result.exit_code, taken, memory, fault_of(result.exit_code, said)]) + "\n")
            out.flush()


def read_tensors(path: Path) -> str:
    """Read all tensors of a file; the traceback of what is no fault of the file."""
    import traceback

    from dotnn import DotnnError
    from dotnn.compiler.weights.readers import open_weights

    try:
        with open_weights(path) as file:
            for name in file.names:
                if math.prod(file.shape(name)) < MOST_ELEMENTS:
                    file.load(name)
    except DotnnError:
        return ""
    except Exception:
        return traceback.format_exc()
    return ""


def prepare(folder: Path) -> None:
    """The models that the files are for."""
    for name, text in (("net", NETWORK), ("pictures", PICTURES)):
        (folder / f"{name}.nn").write_text(text, encoding="utf-8")
        command = (sys.executable, "-m", "dotnn", "build", f"{name}.nn", "-o", f"{name}.onnx")
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (folder / "part.safetensors").write_bytes(seeds(folder)[".safetensors"][0])


def main() -> None:
    """Run everything and print the figures."""
    if sys.argv[1:2] == ["--answer"]:
        batch, ending, start, answers = sys.argv[2:6]
        answer(Path(batch), ending, int(start), Path(answers))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="REGEX", help="attacks with such names, files with such endings")
    parser.add_argument("--seconds", type=float, default=300, help="how long to forge files")
    parser.add_argument("--seed", type=int, default=0, help="of the forged files")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        runs = [
            run_attacks(folder, arguments.only),
            run_forged(folder, arguments.only, arguments.seconds, arguments.seed),
        ]
    for figures in runs:
        figures.show()
    raise SystemExit(any(figures.faults for figures in runs))


if __name__ == "__main__":
    main()
