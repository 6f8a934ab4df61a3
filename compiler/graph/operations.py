"""The operations of a graph that are no layers: what comes from the caller, from the source, from a parameter."""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

from ..records import positional_record
from .tensors import Literal


@runtime_checkable
class Operation(Protocol):
    """Payload of a node: frozen and hashable; equal operations on equal operands give equal results."""

    kind: ClassVar[str]


@positional_record
class Input:
    """A tensor that the caller feeds; the node's name is the input's name."""

    kind: ClassVar[str] = "input"


@positional_record
class Constant:
    """A tensor of numbers written in the source or computed from them."""

    value: Literal
    kind: ClassVar[str] = "constant"


@positional_record
class Parameter:
    """A learned tensor that belongs to no layer; the node's weight has the local name ``""``."""

    kind: ClassVar[str] = "parameter"
