"""Records: frozen dataclasses that cost next to nothing until they are used, and little then.

Read ``@record`` as ``@dataclass(frozen=True, kw_only=True)`` and ``@positional_record`` as ``@dataclass(frozen=True)``:
whoever uses a record sees no difference, and nobody else need know what follows, which is there for a quick start only.

There are more than three hundred kinds of diagnostics, layers and nodes of syntax trees, and checking a file uses some
dozens of them. Python writes six methods of a frozen dataclass as text and compiles each, which takes 0.6 ms. A record
is completed when its first instance is made, and only its ``__init__`` is written as text; the other methods go by its
fields, and all records share them. What inherits from a record is one, too.
"""

from __future__ import annotations

import dataclasses
from threading import RLock
from typing import Any, TypeVar, dataclass_transform

_Class = TypeVar("_Class", bound=type)

_completing = RLock()


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(dataclasses.field,))
def record(kind: _Class) -> _Class:
    """Make a class a frozen dataclass of keyword-only fields, once an instance is made or its fields are asked for."""
    return _declare(kind, kw_only=True)


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def positional_record(kind: _Class) -> _Class:
    """Like ``record``, but fields are given in their order, too."""
    return _declare(kind, kw_only=False)


def _declare(kind: _Class, kw_only: bool) -> _Class:
    kind.__dataclass_fields__ = _Fields(kw_only)
    kind.__init__ = _complete_and_init
    if kind.__setattr__ is not _setattr:
        # Its heirs inherit these, and what it says of itself instead, such as how it is shown.
        for name, method in _SHARED.items():
            if kind.__dict__.get(name) is None:
                setattr(kind, name, method)
    return kind


class _Fields:
    """Stands for the fields of a record that is not complete."""

    def __init__(self, kw_only: bool) -> None:
        self.kw_only = kw_only

    def __get__(self, instance: object, kind: type) -> Any:
        _complete(kind)
        return kind.__dataclass_fields__  # pyright: ignore[reportAttributeAccessIssue]


def _complete_and_init(self: object, *arguments: Any, **fields: Any) -> None:
    _complete(type(self))
    # It is another one now.
    self.__init__(*arguments, **fields)


def _complete(kind: type) -> None:
    """Complete a record, or the record that a class inherits from."""
    with _completing:
        for one in kind.__mro__:
            fields = one.__dict__.get("__dataclass_fields__")
            if isinstance(fields, _Fields):
                del one.__dataclass_fields__  # pyright: ignore[reportAttributeAccessIssue]
                dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=fields.kw_only)(one)
                one.__init__ = _initializer(one)
                # Kept, because graphs look up operations and tensors by the hundred thousand.
                one._compared_names = tuple(field.name for field in dataclasses.fields(one) if field.compare)


def _initializer(kind: type) -> Any:
    """The ``__init__`` of a record, with the fields for parameters."""
    scope: dict[str, Any] = {"_set": object.__setattr__, "_absent": _ABSENT}
    fields = dataclasses.fields(kind)
    parameters = ["self", *(_parameter(one, scope) for one in fields if one.init and not one.kw_only)]
    named = [_parameter(one, scope) for one in fields if one.init and one.kw_only]
    lines = [f"_set(self, {one.name!r}, {value})" for one in fields if (value := _value(one, scope))]
    lines += ["self.__post_init__()"] if hasattr(kind, "__post_init__") else []
    head = ", ".join([*parameters, "*", *named] if named else parameters)
    exec(f"def __init__({head}):\n " + "\n ".join(lines or ["pass"]), scope)
    return scope["__init__"]


def _parameter(one: dataclasses.Field[Any], scope: dict[str, Any]) -> str:
    """A field among the parameters; its default goes into the scope of the method."""
    if one.default_factory is not dataclasses.MISSING:
        return f"{one.name}=_absent"
    if one.default is dataclasses.MISSING:
        return one.name
    scope[f"_default_{one.name}"] = one.default
    return f"{one.name}=_default_{one.name}"


def _value(one: dataclasses.Field[Any], scope: dict[str, Any]) -> str:
    """What a field is set to; nothing if that is left to ``__post_init__``."""
    if one.default_factory is dataclasses.MISSING:
        return one.name if one.init else ""
    scope[f"_make_{one.name}"] = one.default_factory
    made = f"_make_{one.name}()"
    return f"{made} if {one.name} is _absent else {one.name}" if one.init else made


#: Stands for an argument that is not given.
_ABSENT = object()


def _repr(self: Any) -> str:
    parts = [f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr]
    return f"{type(self).__qualname__}({', '.join(parts)})"


def _eq(self: Any, other: object) -> bool:
    return _compared(self) == _compared(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _compared(self: Any) -> tuple[object, ...]:
    return tuple([getattr(self, name) for name in type(self)._compared_names])


def _setattr(self: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


_SHARED = {"__repr__": _repr, "__eq__": _eq, "__hash__": _hash, "__setattr__": _setattr, "__delattr__": _delattr}
