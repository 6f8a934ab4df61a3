"""The operations of a graph that are no layers: what comes from the caller, from the source, from a parameter."""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

from ..records import positional_record
from .tensors import Literal, Weight


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
    """A tensor of numbers written in the source or computed from them.

    Attributes:
        value: the numbers, which are rounded to the element type of the tensor.
        exact: whether they are meant as they are where arithmetic in float64 follows, as a number of the compiler's is.
    """

    value: Literal
    exact: bool = False
    kind: ClassVar[str] = "constant"


@positional_record
class Parameter:
    """A tensor that training would change, as a value.

    Among layers it belongs to none of them, and where ``reuse`` shares it several nodes may have it. Among operators
    there is one node for every weight.
    """

    weight: Weight
    kind: ClassVar[str] = "parameter"
