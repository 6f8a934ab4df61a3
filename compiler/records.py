"""Frozen dataclasses that are completed when they are first used.

Making a dataclass takes half a millisecond, because its methods are written as text and compiled. There are three
hundred kinds of diagnostics and layers, and checking a file uses a handful of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import RLock
from typing import Any, TypeVar, dataclass_transform

_Class = TypeVar("_Class", bound=type)

_completing = RLock()


@dataclass_transform(frozen_default=True, kw_only_default=True)
def record(kind: _Class) -> _Class:
    """Make a class a frozen dataclass of keyword-only fields, once an instance is made or its fields are asked for."""
    kind.__dataclass_fields__ = _Fields()
    kind.__init__ = _init
    return kind


class _Fields:
    """Stands for the fields of a record that is not complete."""

    def __get__(self, instance: object, kind: type) -> Any:
        _complete(kind)
        return kind.__dataclass_fields__  # pyright: ignore[reportAttributeAccessIssue]


def _init(self: object, *arguments: Any, **fields: Any) -> None:
    _complete(type(self))
    # It is another one now.
    self.__init__(*arguments, **fields)


def _complete(kind: type) -> None:
    """Complete a record, or the record that a class inherits from."""
    with _completing:
        for one in kind.__mro__:
            if isinstance(one.__dict__.get("__dataclass_fields__"), _Fields):
                del one.__dataclass_fields__, one.__init__  # pyright: ignore[reportAttributeAccessIssue]
                dataclass(frozen=True, kw_only=True)(one)
