"""Cases of products of matrices, reductions, normalizations, and of dimensions as a tensor."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
from dotnn.compiler.dims import Dim, dim_max
from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators import Operator
from dotnn.compiler.operators.activation_functions import OF_FUSED_GEMM

from tests.helpers.operators.operator_cases import C, Case, Feed, H, N, T, W, generates, int64s, some_sizes, tensor


@generates("MatMul")
def products(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    table: tuple[tuple[tuple[Dim, ...], tuple[Dim, ...]], ...] = (
        ((N, 4), (4, 3)),
        ((N, T, 4), (4, 3)),
        ((N, T, C), (N, C, 2)),
        ((N, 1, T, 3), (H, 3, 2)),
        ((4,), (4,)),
        ((4,), (N, 4, 3)),
        ((N, H, 4), (4,)),
        ((0, 4), (4, 2)),
        ((N, T), (T, H)),
    )
    for left, right in table:
        operands = Feed(tensor(dtype, *left)), Feed(tensor(dtype, *right))
        yield Case(cls(), operands, some_sizes(choose, "NTCH"))


@generates("Gemm")
def gemms(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    added: tuple[tuple[Dim, ...] | None, ...] = (None, (3,), (1, 3), (N, 3), (N, 1), (), (1,))
    for trans_a in (0, 1):
        for trans_b in (0, 1):
            for shape in added:
                yield _gemm(cls, dtype, choose, trans_a, trans_b, shape)
    yield Case(cls(), (Feed(tensor(dtype, 0, 4)), Feed(tensor(dtype, 4, 2))), note="empty")


def _gemm(
    cls: type[Operator],
    dtype: DType,
    choose: random.Random,
    trans_a: int,
    trans_b: int,
    added: tuple[Dim, ...] | None,
    **attributes: object,
) -> Case:
    factors = {"alpha": 0.5, "beta": 2.0} if choose.random() < 0.5 else {}
    a, b = (4, N) if trans_a else (N, 4), (3, 4) if trans_b else (4, 3)
    operands = [Feed(tensor(dtype, *a)), Feed(tensor(dtype, *b))]
    if added is not None:
        operands.append(Feed(tensor(dtype, *added)))
    op = cls(transA=trans_a, transB=trans_b, **factors, **attributes)
    return Case(op, tuple(operands), some_sizes(choose, "N"))


@generates("FusedGemm", domain="com.microsoft")
def fused_gemms(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    given = {
        "LeakyRelu": {"activation_alpha": 0.25},
        "HardSigmoid": {"activation_alpha": 0.25, "activation_beta": 0.5},
        "Elu": {"activation_alpha": 0.75},
        "ThresholdedRelu": {"activation_alpha": 0.5},
    }
    for name in OF_FUSED_GEMM:
        for trans_b in (0, 1):
            added = choose.choice((None, (3,), (N, 3)))
            yield _gemm(cls, dtype, choose, 0, trans_b, added, activation=name, **given.get(name, {}))


@generates("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin")
def reductions(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    table: tuple[tuple[tuple[Dim, ...], tuple[int, ...] | None], ...] = (
        ((N, T, 3), (1,)),
        ((N, C, H, W), (2, -1)),
        ((N, C, H, W), (-1, 0)),
        ((N, 3), None),
        ((N, 3), ()),
        ((4,), (0,)),
        ((), None),
        ((N, 1, 5), (-2,)),
    )
    for shape, axes in table:
        for keepdims in (0, 1):
            noop = choose.randint(0, 1)
            operands = (Feed(tensor(dtype, *shape)), *(() if axes is None else (int64s(*axes),)))
            op = cls(keepdims=keepdims, noop_with_empty_axes=noop)
            note = "none" if not axes and noop else ""
            yield Case(op, operands, some_sizes(choose, "NTCHW", runs=1), note)
    if dtype.is_float:
        yield Case(cls(), (Feed(tensor(dtype, 7, 13), corners=True), int64s(0)), note="corners")
    if cls.kind == "ReduceSum" and dtype is DType.INT64:
        yield Case(cls(), (np.array([2**60 + 1, 2**53 + 1, 5]), int64s(0)), note="wide")
    yield Case(cls(), (Feed(tensor(dtype, 0, 3)), int64s(0)), note="nothing")
    yield Case(cls(), (Feed(tensor(dtype, 0, 3)), int64s(1)), note="empty")


@generates("Softmax", "LogSoftmax")
def softmaxes(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    shapes: tuple[tuple[Dim, ...], ...] = ((N, 10), (N, 3, H), (5,), (N, 2, 3, W), (N, 1))
    for shape in shapes:
        for axis in range(-len(shape), len(shape)):
            yield Case(cls(axis=axis), (Feed(tensor(dtype, *shape)),), some_sizes(choose, "NHW", runs=1))
    yield Case(cls(), (Feed(tensor(dtype, 4, 9), corners=True),), note="corners")
    yield Case(cls(), (Feed(tensor(dtype, 0, 3)),), note="empty")


@generates("BatchNormalization")
def batch_normalizations(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    shapes: tuple[tuple[Dim, ...], ...] = ((N, 3), (N, 3, H), (N, 3, H, W), (2, 3, 2, H, W), (0, 3, 2))
    for shape in shapes:
        for attributes in ({}, {"epsilon": 0.125, "momentum": 0.5}):
            vectors = [Feed(tensor(dtype, 3)) for _ in range(3)]
            variance = Feed(tensor(dtype, 3), 0.25, 4, uniform=True)
            operands = (Feed(tensor(dtype, *shape)), *vectors, variance)
            yield Case(cls(**attributes), operands, some_sizes(choose, "NHW", runs=1))


@generates("LRN")
def local_response_normalizations(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    for size in (1, 3, 5, 9):
        for attributes in ({}, {"alpha": 0.5, "beta": 0.5, "bias": 2.0}):
            x = Feed(tensor(dtype, N, choose.choice((C, 6)), H, W))
            yield Case(cls(size=size, **attributes), (x,), some_sizes(choose, "NCHW", runs=1), f"size_{size}")


@generates("Dims", domain="dotnn")
def dimensions(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    table = ((), (N,), (N, 3, H), (N * H, (H + 1) // 2), (dim_max(N, H) - 3, -1, 0))
    for dims in table:
        yield Case(cls(dims=dims), (), some_sizes(choose, "NH"))
