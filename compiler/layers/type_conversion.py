"""Layers that give elements another type: ``cast`` and ``one_hot``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from .. import operators as ops
from ..graph.tensors import numpy_name
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .attributes import ElementType, Integer, attribute
from .base import MOVED_ON_CPU, Layer, Operand, Read, Sample, Site
from .reach import Along, Reach
from .shape_rules import need_integer

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

#: What they are compared with stands in the file.
_MOST_CLASSES = 2**20


@final
@record
class Cast(Layer):
    """Gives the elements another type, which is written without quotes: `cast(float16)`. Shape as the input's.

    Floats become ints towards zero, and nothing is defined for those that no int of the type is near: what is too
    large, infinite or no number. Everything but 0 becomes true; true becomes 1. `x.dtype` is the element type of
    another tensor: `y -> cast(x.dtype)`.
    """

    kind: ClassVar[str] = "cast"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "any shape and element type"),)
    cpu_floats: ClassVar[frozenset[DType]] = MOVED_ON_CPU
    formula: ClassVar[str] = "y = x as elements of the type"
    foreign_names: ClassVar[tuple[str, ...]] = ("astype",)
    source: ClassVar[str] = "numpy.ndarray.astype; ONNX Cast"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("cast(float16)", {"x": "float32[N, C, H]"}),
        Sample("cast(int64)", {"x": "float32[N, 3]"}),
        Sample("cast(type=bool)", {"x": "int32[N, T]"}),
        Sample("cast(float32)", {"x": "uint8[N, 3, H, W]"}),
    )

    type: DType = attribute(ElementType(), doc="The type that the elements get.", positional=True)

    def in_floats(self, operands: Sequence[TensorType | None], floats: DType) -> Layer:
        """What is no float becomes one of the model's; float32 that is asked of floats is meant as it is written."""
        (x,) = operands
        makes_floats = self.type is DType.FLOAT32 and x is not None and not x.dtype.is_float
        return dataclasses.replace(self, type=floats) if makes_floats else self

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The shape of the operand."""
        return TensorType(self.type, x.shape)

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The elements in numpy's type of that name."""
        with np.errstate(over="ignore", invalid="ignore"):
            return x.astype(numpy_name(self.type))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Cast``."""
        return b.op(ops.Cast(to=self.type), x)


@final
@record
class OneHot(Layer):
    """Makes each id a vector that is 1 at the place of that number and 0 elsewhere.

    Ids are int32 or int64, of any shape, from 0 to `classes - 1`: `[N, T]` becomes `[N, T, classes]` of
    float32; `-> cast(...)` gives other elements. An id outside of that gives zeros alone, as in Keras; PyTorch
    refuses it, and ONNX's operator counts negative ones from the end.
    """

    kind: ClassVar[str] = "one_hot"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("ids", "numbers of classes, int32 or int64"),)
    cpu_floats: ClassVar[frozenset[DType]] = MOVED_ON_CPU
    formula: ClassVar[str] = "y[..., c] = 1 where ids[...] = c, else 0"
    foreign_names: ClassVar[tuple[str, ...]] = ("tocategorical", "categoryencoding")
    source: ClassVar[str] = "PyTorch one_hot; Keras one_hot"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("one_hot(6)", {"ids": "int64[N, T]"}),
        Sample("one_hot(classes=3)", {"ids": "int32[N]"}),
    )

    classes: int = attribute(Integer(1, _MOST_CLASSES), doc="How many different ids there are.", positional=True)
    #: The element type of what it gives, which no call says.
    floats: DType = DType.FLOAT32

    def in_floats(self, operands: Sequence[TensorType | None], floats: DType) -> Layer:
        """Ids do not tell the model's type."""
        return dataclasses.replace(self, floats=floats)

    def types(self, site: Site, ids: TensorType) -> TensorType:
        """``[...]`` to ``[..., classes]`` of float32."""
        need_integer(site, 0, ids)
        return TensorType(self.floats, (*ids.shape, self.classes))

    def range_of(self, index: int, ids: TensorType) -> tuple[int, int]:
        """The classes."""
        return 0, self.classes - 1

    def positions(self, read: Read, ids: TensorType) -> Reach:
        """Every id by itself; its vector lies along a further axis."""
        return tuple(Along(axis) for axis in range(ids.rank))

    def compute(self, weights: Mapping[str, np.ndarray], ids: np.ndarray) -> np.ndarray:
        """Whether each id is each of the classes, as a number."""
        return (ids[..., np.newaxis] == np.arange(self.classes)).astype(numpy_name(self.floats))

    def lower(self, b: Builder, ids: Tensor) -> Tensor:
        """``Equal`` with all the classes along a new axis: ``OneHot`` would count negative ids from the end."""
        classes = b.constant(range(self.classes), ids.dtype)
        return b.op(ops.Cast(to=self.floats), b.op(ops.Equal(), b.op(ops.Unsqueeze(), ids, b.ints(-1)), classes))
