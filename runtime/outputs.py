"""Outputs for reading and for keeping: the best classes, tensors in short, and `.npy` and `.npz` files."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiler.archives.npz import add_array, npy_bytes
from ..compiler.atomic_files import require_replaceable, write_atomically
from ..compiler.diagnostics import DotnnError
from ..compiler.diagnostics.running import (
    BadCount,
    NotSavable,
    ObjectsNotSavable,
    SeveralOutputsInNpy,
    TooManyForJson,
    WrongSaveSuffix,
)
from ..compiler.visible_text import visible

#: Most examples, and most steps of one, whose classes are printed.
MAX_EXAMPLES = 10
MAX_STEPS = 40
#: Tensors with at most this many elements are printed completely.
SMALL = 200
#: Most values of all outputs together that are given as plain values: some 20 MB of JSON.
MOST_PRINTED = 1_000_000
#: Characters of a bar, and of a line.
BAR, LINE = 20, 100
#: Names of outputs whose last axis holds a score for each class.
SCORE_NAMES = ("logits", "scores", "log_probabilities", "log_probs")
#: How far a sum of probabilities may be from 1.
SUM_TOLERANCE = 1e-3

_PROBABILITIES, _SCORES = "probabilities", "scores"


@dataclass(frozen=True, slots=True)
class Score:
    """What a model gives one class.

    Attributes:
        index: of the class.
        value: its probability, logit or other score.
        label: its name, or None.
    """

    index: int
    value: float
    label: str | None = None


def top_k(array: NDArray[Any], k: int = 5, labels: Sequence[str] | None = None) -> list[list[Score]]:
    """The greatest values of each row, the greatest first; equal ones in the order of the classes, NaN last.

    Args:
        array: scores of the classes along the last axis; the axes before it are taken as one.
        k: how many of each row, or all if there are fewer.
        labels: names of the classes; those without one have none.

    Raises:
        DotnnError: k below 1.
        ValueError: a scalar.
    """
    if k < 1:
        raise DotnnError(BadCount(option="top", found=str(k)))
    if array.ndim == 0:
        raise ValueError("a scalar has no classes")
    rows = array.reshape(-1, array.shape[-1]).astype(np.float64)
    best = np.argsort(-rows, axis=1, kind="stable")[:, :k].tolist()
    return [
        [Score(index, float(row[index]), _label(index, labels)) for index in indices]
        for row, indices in zip(rows, best, strict=True)
    ]


def _label(index: int, labels: Sequence[str] | None) -> str | None:
    return labels[index] if labels is not None and index < len(labels) else None


def output_data(outputs: Mapping[str, Any], labels: Sequence[str] | None = None, k: int = 5) -> list[dict[str, Any]]:
    """The outputs as plain values for ``json.dumps``.

    Keys: ``name dtype shape nan infinite min mean max top values``. Statistics leave out what is not finite and are
    None without numbers; ``top`` has for every example, or step of one, the best classes as ``index``, ``value``
    and ``label``, and is None where no classes are told; ``values`` are nested lists of all values, where those that
    are not finite are None. Of outputs that are no arrays, as models of other makers may have, there are only the
    values: lists, and objects for maps.

    Raises:
        DotnnError: there are more than `MOST_PRINTED` values.
    """
    count = sum(map(_count, outputs.values()))
    if count > MOST_PRINTED:
        raise DotnnError(TooManyForJson(count=count, largest=MOST_PRINTED))
    return [_described(name, value, labels, k) for name, value in outputs.items()]


def render_outputs(outputs: Mapping[str, Any], labels: Sequence[str] | None = None, k: int = 5) -> str:
    """The outputs for reading, in plain text.

    An output is shown as classes where its rows are probabilities (two or three axes, each row from 0 to 1 with the
    sum 1) or where it has two axes and is named in `SCORE_NAMES` or has a label for each column; of a sequence the
    best class of each step is shown. Other outputs are shown as numbers with their least, mean and greatest value.
    NaN and infinite values are pointed out.
    """
    return "\n\n".join("\n".join(_rendered(name, value, labels, k)) for name, value in outputs.items())


def not_finite(outputs: Mapping[str, Any]) -> list[str]:
    """A sentence for every output that has NaN or infinite values."""
    arrays = ((name, _as_array(output)) for name, output in outputs.items())
    found = ((name, _Statistics.of(array).odd) for name, array in arrays if array is not None)
    return [f"`{visible(name)}` has {odd}" for name, odd in found if odd]


def check_save_path(path: Path) -> None:
    """Raise a DotnnError where outputs cannot be saved: another ending, no such folder, or no place for a file."""
    if path.suffix.lower() not in (".npy", ".npz"):
        raise DotnnError(WrongSaveSuffix(path=str(path)))
    require_replaceable(path)


def save_outputs(path: str | Path, outputs: Mapping[str, Any]) -> None:
    """Save outputs as `.npy` (one) or `.npz` (any number, by name), completely or not at all.

    Equal outputs give equal bytes.

    Raises:
        DotnnError: another ending, several outputs for `.npy`, outputs that are no arrays, or a file that cannot be
        written.
    """
    path = Path(path)
    check_save_path(path)
    arrays = {name: _savable(name, value) for name, value in outputs.items()}
    if path.suffix.lower() == ".npz":
        write_atomically(path, _archive(arrays))
        return
    if len(arrays) != 1:
        listed = ", ".join(f"`{name}`" for name in arrays)
        raise DotnnError(SeveralOutputsInNpy(path=str(path), count=len(arrays), outputs=listed))
    write_atomically(path, npy_bytes(next(iter(arrays.values()))))


# Saving -------------------------------------------------------------------------------------------------------------


def _savable(name: str, value: Any) -> NDArray[Any]:
    array = _as_array(value)
    if array is None:
        raise DotnnError(NotSavable(name=name, found=f"a {type(value).__name__}"))
    if not array.dtype.hasobject:
        return array
    if all(isinstance(item, str) for item in array.flat):
        return array.astype(np.str_)
    raise DotnnError(ObjectsNotSavable(name=name))


def _archive(arrays: Mapping[str, NDArray[Any]]) -> memoryview:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            add_array(archive, name, array)
    return stream.getbuffer()


# Describing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Statistics:
    """Least, mean and greatest of the finite numbers, and how many of the others there are."""

    nan: int
    infinite: int
    low: float | None
    mean: float | None
    high: float | None

    #: Of how many values in all.
    size: int

    @property
    def odd(self) -> str:
        """What is not finite, in words; empty if everything is."""
        if not self.nan and not self.infinite:
            return ""
        return f"{self.nan} NaN and {self.infinite} infinite among {self.size} values"

    @classmethod
    def of(cls, array: NDArray[Any]) -> _Statistics:
        if array.dtype.kind not in "fiu":
            return cls(0, 0, None, None, None, array.size)
        finite = np.isfinite(array)
        nan = int(np.count_nonzero(np.isnan(array)))
        infinite = array.size - int(np.count_nonzero(finite)) - nan
        numbers = array if finite.all() else array[finite]
        if numbers.size == 0:
            return cls(nan, infinite, None, None, None, array.size)
        mean = float(np.mean(numbers, dtype=np.float64))
        return cls(nan, infinite, float(numbers.min()), mean, float(numbers.max()), array.size)


def class_kind(name: str, array: NDArray[Any], labels: Sequence[str] | None) -> str | None:
    """``probabilities`` or ``scores`` for an output with a number for each class on its last axis, else None."""
    if array.dtype.kind != "f" or array.ndim not in (2, 3) or array.shape[-1] < 2 or array.size == 0:
        return None
    if _are_probabilities(array):
        return _PROBABILITIES
    named = name.lower() in SCORE_NAMES or (labels is not None and len(labels) == array.shape[-1])
    return _SCORES if named and array.ndim == 2 else None


def _are_probabilities(array: NDArray[Any]) -> bool:
    # Comparisons with NaN are false.
    if not bool(np.all((array >= 0) & (array <= 1 + SUM_TOLERANCE))):
        return False
    sums = array.sum(axis=-1, dtype=np.float64)
    return bool(np.all(np.abs(sums - 1) <= SUM_TOLERANCE))


def _as_array(value: Any) -> NDArray[Any] | None:
    """An array, or a scalar of numpy; None for the sequences and maps that models of other makers may give."""
    return np.asarray(value) if isinstance(value, np.ndarray | np.generic) else None


def _described(name: str, output: Any, labels: Sequence[str] | None, k: int) -> dict[str, Any]:
    value = _as_array(output)
    if value is None:
        kind = type(output).__name__
        return {"name": name, "dtype": kind, "shape": None, "top": None, "values": _plain(output)}
    statistics = _Statistics.of(value)
    kind = class_kind(name, value, labels)
    top = None
    if kind is not None:
        top = [[_score_data(score) for score in row] for row in top_k(value, k, labels)]
    return {
        "name": name,
        "dtype": value.dtype.name,
        "shape": list(value.shape),
        "nan": statistics.nan,
        "infinite": statistics.infinite,
        "min": statistics.low,
        "mean": statistics.mean,
        "max": statistics.high,
        "top": top,
        "values": _plain(value.tolist()),
    }


def _score_data(score: Score) -> dict[str, Any]:
    return {"index": score.index, "value": _plain(score.value), "label": score.label}


def _count(value: Any) -> int:
    """How many values an output has."""
    if isinstance(value, Mapping):
        return sum(map(_count, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_count, value))
    return int(np.size(value))


def _plain(value: Any) -> Any:
    """Nested lists, and objects, without what JSON does not have."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


# Rendering ----------------------------------------------------------------------------------------------------------


def _rendered(name: str, output: Any, labels: Sequence[str] | None, k: int) -> Iterator[str]:
    value = _as_array(output)
    if value is None:
        yield f"{visible(name)}: a {type(output).__name__}"
        return
    shape = ", ".join(map(str, value.shape))
    statistics = _Statistics.of(value)
    kind = class_kind(name, value, labels)
    yield f"{visible(name)}: {value.dtype.name}[{shape}]" + (f", {kind} of {value.shape[-1]} classes" if kind else "")
    if statistics.odd:
        yield f"  {statistics.odd}"
    if kind is not None and value.ndim == 3:
        yield from _rendered_steps(value, labels)
    elif kind is not None:
        yield from _rendered_classes(value, kind, labels, k)
    else:
        yield from _rendered_numbers(value, statistics)


def _rendered_classes(array: NDArray[Any], kind: str, labels: Sequence[str] | None, k: int) -> Iterator[str]:
    shown = top_k(array[:MAX_EXAMPLES], k, labels)
    for example, scores in enumerate(shown):
        if len(array) > 1:
            yield f"  example {example}"
        finite = [score.value for score in scores if math.isfinite(score.value)]
        low, high = (0.0, 1.0) if kind == _PROBABILITIES else (_least(array[example]), max(finite, default=0.0))
        for score in scores:
            yield f"  {_number(score.value, kind)}  {_bar(score.value, low, high)}  {_class_name(score)}"
    yield from _more(len(array) - len(shown), "examples")


def _rendered_steps(array: NDArray[Any], labels: Sequence[str] | None) -> Iterator[str]:
    for example, steps in enumerate(array[:MAX_EXAMPLES]):
        if len(array) > 1:
            yield f"  example {example}"
        for step, scores in enumerate(top_k(steps[:MAX_STEPS], 1, labels)):
            (best,) = scores
            yield f"  step {step:<3} {_number(best.value, _PROBABILITIES)}  {_class_name(best)}"
        yield from _more(len(steps) - MAX_STEPS, "steps")
    yield from _more(len(array) - MAX_EXAMPLES, "examples")


def _rendered_numbers(array: NDArray[Any], statistics: _Statistics) -> Iterator[str]:
    if array.size > 1 and statistics.low is not None:
        yield f"  min {statistics.low:.6g}, mean {statistics.mean:.6g}, max {statistics.high:.6g}"
    text = np.array2string(array, max_line_width=LINE, precision=6, threshold=SMALL, suppress_small=False)
    yield from (f"  {visible(line)}" for line in text.splitlines())


def _more(count: int, what: str) -> Iterator[str]:
    if count > 0:
        yield f"  ... {count} more {what}"


def _least(row: NDArray[Any]) -> float:
    finite = row[np.isfinite(row)]
    return float(finite.min()) if finite.size else 0.0


def _number(value: float, kind: str) -> str:
    return f"{100 * value:7.3f} %" if kind == _PROBABILITIES else f"{value:12.6g}"


def _bar(value: float, low: float, high: float) -> str:
    """How far a value is from the least to the greatest, in plain characters that every terminal has."""
    if not math.isfinite(value) or high <= low:
        return "-" * BAR
    filled = round(BAR * min(max((value - low) / (high - low), 0.0), 1.0))
    return "#" * filled + "-" * (BAR - filled)


def _class_name(score: Score) -> str:
    return f"class {score.index}" if score.label is None else f"{visible(score.label)} (class {score.index})"
