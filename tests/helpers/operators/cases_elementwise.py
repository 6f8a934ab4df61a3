"""Cases of the operators that act on every element: arithmetic, activations, comparisons, choice, casts."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
from dotnn.compiler.dims import Dim
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.operators import Operator

from tests.helpers.operators.operator_cases import C, Case, Feed, H, N, W, generates, some_sizes, tensor

#: Pairs of shapes that broadcast.
PAIRS: tuple[tuple[tuple[Dim, ...], tuple[Dim, ...]], ...] = (
    ((N, C, H), (N, C, H)),
    ((N, 3, H, W), (3, 1, 1)),
    ((N, 1, W), (H, 1)),
    ((H,), (N, C, 1)),
    ((), (N, 2)),
    ((N, H - 2 + 2), ()),
    ((1,), (1, 1, H)),
    ((0, 3), (3,)),
    ((), ()),
)


@generates("Relu", "LeakyRelu", "Sigmoid", "Tanh", "Neg", "Abs", "Sqrt", "Reciprocal", "Exp", "Log", "Not", "Identity")
def unary(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    shapes: tuple[tuple[Dim, ...], ...] = ((N, 3, H), (4, 4, 4), (N,), (), (0, 2), (2, 1, H, W, 3))
    for index, shape in enumerate(shapes):
        for corners in (False, True) if dtype.is_float and index < 2 else (False,):
            feed = Feed(tensor(dtype, *shape), corners=corners)
            yield Case(cls(), (feed,), some_sizes(choose, "NHW"), "corners" if corners else "")
    if cls.kind == "LeakyRelu":
        for alpha in (0.25, 0.0, 2.0, -0.5):
            yield Case(cls(alpha=alpha), (Feed(tensor(dtype, N, 5)),), some_sizes(choose, "N"))


@generates("Add", "Sub", "Mul", "Equal", "Greater", "GreaterOrEqual", "Less", "And", "Or")
def binary(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    for left, right in PAIRS:
        operands = Feed(tensor(dtype, *left)), Feed(tensor(dtype, *right))
        yield Case(cls(), operands, some_sizes(choose, "NCHW"))
    if dtype.is_float:
        feeds = Feed(tensor(dtype, 13), corners=True), Feed(tensor(dtype, 7, 13), corners=True)
        yield Case(cls(), feeds, note="corners")
    if dtype.is_integer:
        # Sums and products beyond the range of the type wrap around.
        info = np.iinfo(dtype.value)
        extremes = np.array([info.min, info.max, 0, 1, 3], dtype.value)
        yield Case(cls(), (Feed(tensor(dtype, 4, 1)), extremes), note="extremes")


@generates("Div", "Mod")
def divisions(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    modes = ({},) if cls.kind == "Div" else ({"fmod": 1},) if dtype.is_float else ({"fmod": 0}, {"fmod": 1})
    for attributes in modes:
        for left, right in PAIRS:
            for low, high in ((1, 4),) if dtype is DType.UINT8 or dtype.is_float else ((1, 4), (-3, 0)):
                dividend = Feed(tensor(dtype, *left), -9, 10)
                divisor = Feed(tensor(dtype, *right), low, high, uniform=True)
                yield Case(cls(**attributes), (dividend, divisor), some_sizes(choose, "NCHW", runs=1))
    if cls.kind == "Div" and dtype.is_float:
        feeds = Feed(tensor(dtype, 13), corners=True), Feed(tensor(dtype, 7, 13), corners=True)
        yield Case(cls(), feeds, note="corners")


@generates("Max", "Min")
def extremes(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    for left, right in PAIRS:
        yield Case(cls(), (Feed(tensor(dtype, *left)), Feed(tensor(dtype, *right))), some_sizes(choose, "NCHW"))
    yield Case(cls(), (Feed(tensor(dtype, N, 3)),), some_sizes(choose, "N"))
    three = tuple(Feed(tensor(dtype, *shape)) for shape in ((N, 1, 3), (H, 1), (3,)))
    yield Case(cls(), three, some_sizes(choose, "NH"))
    if dtype.is_float:
        feeds = Feed(tensor(dtype, 13), corners=True), Feed(tensor(dtype, 7, 13), corners=True)
        yield Case(cls(), feeds, note="corners")


@generates("Pow")
def powers(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    for left, right in PAIRS:
        base = Feed(tensor(dtype, *left), 0.25, 3, uniform=True)
        exponent = Feed(tensor(dtype, *right), -1.5 if dtype.is_float else 0, 3, uniform=True)
        yield Case(cls(), (base, exponent), some_sizes(choose, "NCHW", runs=1))
    for other in (DType.FLOAT32, DType.INT64, DType.INT32, DType.FLOAT64):
        if other is not dtype:
            base = Feed(tensor(dtype, N, 4), 1, 4, uniform=True)
            yield Case(cls(), (base, Feed(tensor(other, 4), 0, 4, uniform=True)), some_sizes(choose, "N"), "mixed")
    if not dtype.is_float:
        negative = np.array([[-1], [-2], [0], [3]], dtype.value)
        yield Case(cls(), (Feed(tensor(dtype, 4, 4), 1, 4), negative), note="negative")


@generates("Where")
def choices(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    # The main letter is that of the condition: its only element type stands for one round over all of X and Y.
    for other in DType:
        for left, right in PAIRS[:6]:
            operands = (
                Feed(TensorType(DType.BOOL, choose.choice((left, right)))),
                Feed(tensor(other, *left)),
                Feed(tensor(other, *right)),
            )
            yield Case(cls(), operands, some_sizes(choose, "NCHW", runs=1), str(other))


@generates("Cast")
def casts(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    for to in DType:
        # Fractions and negative numbers, in the range of all types; bytes are cast without their sign.
        low = 0 if to is DType.UINT8 and dtype.is_float else -9
        feed = Feed(tensor(dtype, N, 7), low, 10, uniform=True)
        yield Case(cls(to=to), (feed,), some_sizes(choose, "N"), f"to_{to}")
    if dtype is DType.INT64:
        wide = np.array([2**31, -(2**31) - 1, 2**40 + 5, 255, 256, -129], np.int64)
        for to in (DType.INT32, DType.INT8, DType.UINT8, DType.FLOAT32, DType.FLOAT64, DType.BOOL):
            yield Case(cls(to=to), (wide,), note="wide")
    if dtype in (DType.FLOAT32, DType.FLOAT64):
        # Halves between two numbers of 16 bits are rounded to the even one; 1e30 is infinite there.
        close = np.array([1 + 2**-11, 1 + 3 * 2**-11, 65519, 65520, 1e30, -1e30, np.inf, np.nan, 2**-25], dtype.value)
        for to in (DType.FLOAT16, DType.FLOAT32, DType.FLOAT64, DType.BOOL):
            yield Case(cls(to=to), (close,), note="corners")
