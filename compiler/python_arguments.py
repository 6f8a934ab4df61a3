"""Arguments of calls from Python: their types.

An argument of a wrong type is a mistake of the calling program, a ``TypeError`` that says what to give. A value that is
out of its range, or that does not fit a model, is a fault of the input, a diagnostic.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Collection, Sequence
from typing import TypeVar

from .diagnostics import DotnnError

T = TypeVar("T")

#: Seeds have at most 64 bits.
LARGEST_SEED = 2**64 - 1


def need(value: object, kind: type[T] | tuple[type[T], ...], what: str, remedy: str = "") -> T:
    """The value, if it is of a type, or of one of several.

    Raises:
        TypeError: it is not; the message says what it must be and what it is.
    """
    if isinstance(value, kind):
        return value
    raise TypeError(f"{what}, not {type_name(value)}{f': {remedy}' if remedy else ''}")


def need_path(value: object, name: str, remedy: str = "") -> str:
    """The text of a path, as it was given; raises TypeError for anything but text and paths of text."""
    found = os.fspath(value) if isinstance(value, os.PathLike) else value
    return need(found, str, f"{name} must be a path, a str or os.PathLike", remedy)


def need_folder(value: object, name: str) -> str:
    """The text of a path of a folder; raises as ``need_path``, and DotnnError where no folder is there."""
    path = need_path(value, name)
    if not os.path.isdir(path):
        # Not for a mere check of a file, which has no such arguments.
        from .diagnostics.out_of_range import no_folder

        raise DotnnError(no_folder(name, path))
    return path


def need_integer(value: object, name: str, minimum: int, maximum: int) -> int:
    """A Python int of a whole number, numpy's included.

    Raises:
        TypeError: it is no whole number.
        DotnnError: it is below the minimum or above the maximum.
    """
    try:
        number = operator.index(value)  # pyright: ignore[reportArgumentType]
    except TypeError:
        raise TypeError(f"{name} must be an int, not {type_name(value)}") from None
    if not minimum <= number <= maximum:
        from .diagnostics.out_of_range import integer_out_of_range

        raise DotnnError(integer_out_of_range(name, number, minimum, maximum))
    return number


def need_seed(value: object) -> int:
    """A seed, an int from 0 to `LARGEST_SEED`; raises as ``need_integer``."""
    return need_integer(value, "seed", 0, LARGEST_SEED)


def need_choice(value: object, name: str, choices: Sequence[str]) -> None:
    """Raise a DotnnError unless the value is one of some words."""
    if not isinstance(value, str) or value not in choices:
        from .diagnostics.out_of_range import none_of_choices

        found = f"`{value}`" if isinstance(value, str) else a_type(value)
        raise DotnnError(none_of_choices(name, found, choices))


def need_names(value: object, name: str) -> tuple[str, ...] | None:
    """Some strings in a list or tuple, or None; raises TypeError for anything else, a single string included."""
    if value is None:
        return None
    what = f"{name} must be a list of str, one for each class"
    names: list[object] | tuple[object, ...] = need(value, (list, tuple), what)
    return tuple(need(one, str, what) for one in names)


def need_codes(value: object, name: str) -> tuple[str, ...]:
    """Some codes in a list, tuple or set; raises TypeError for anything else, a single string included."""
    what = f"{name} must be a list of str, codes of rules or their beginnings"
    codes: Collection[object] = need(value, (list, tuple, set, frozenset), what)
    return tuple(need(one, str, what).strip().upper() for one in codes)


def type_name(value: object) -> str:
    """The name of a value's type, for messages."""
    return type(value).__name__


def a_type(value: object) -> str:
    """The same with its article: ``an int``."""
    name = type_name(value)
    return f"an {name}" if name[:1].lower() in "aeiou" else f"a {name}"
