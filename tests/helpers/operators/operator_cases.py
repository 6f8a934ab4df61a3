"""What a case of an operator is: attributes, operands and sizes; generators make many, the same ones every time."""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from dotnn.compiler.dims import Dim, evaluate, symbol
from dotnn.compiler.graph.tensors import numpy_name
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.operators import OPERATORS, Known, Operator
from dotnn.compiler.operators.base import WORDS

N, C, H, W, L, T = (symbol(name) for name in "NCHWLT")

#: Numbers at which functions have corners; the infinities, and what is no number, among them.
CORNERS = (0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 88.0, -104.0, 700.0, 1e-3, math.inf, -math.inf, math.nan)


@dataclass(frozen=True)
class Feed:
    """An operand that is fed.

    Attributes:
        low: of ints, the least; of floats the least too, if ``uniform``.
        high: one more than the greatest int.
        uniform: floats are drawn evenly from low to high, else normally.
        corners: floats have the numbers of ``CORNERS`` among them.
    """

    type: TensorType
    low: float = -5
    high: float = 6
    uniform: bool = False
    corners: bool = False

    def drawn(self, sizes: Mapping[str, int], generator: np.random.Generator) -> np.ndarray:
        shape = tuple(evaluate(dim, sizes) for dim in self.type.shape)
        if self.type.dtype is DType.BOOL:
            return generator.integers(0, 2, shape).astype(bool)
        if self.type.dtype.is_integer:
            low = max(self.low, 0) if self.type.dtype is DType.UINT8 else self.low
            return generator.integers(int(low), int(self.high), shape).astype(self.type.dtype.value)
        values = generator.uniform(self.low, self.high, shape) if self.uniform else generator.normal(0, 1.5, shape)
        if self.corners and values.size:
            flat = values.reshape(-1)
            places = generator.permutation(flat.size)[: len(CORNERS)]
            flat[places] = np.array(CORNERS)[generator.permutation(len(CORNERS))[: len(places)]]
        return values.astype(numpy_name(self.type.dtype))


#: What an operand is: fed, an initializer, or absent.
Given: TypeAlias = Feed | np.ndarray | None


@dataclass(frozen=True, eq=False)
class Case:
    """An operator with operands.

    Attributes:
        sizes: values of the symbols, one mapping per run.
        note: a word by which the tables of faults know cases.
    """

    op: Operator
    operands: tuple[Given, ...]
    sizes: tuple[Mapping[str, int], ...] = ({},)
    note: str = ""
    name: str = field(default="", kw_only=True)

    def __str__(self) -> str:
        return self.name

    def arrays(self, run: int) -> tuple[np.ndarray | None, ...]:
        """All operands of a run; the same ones every time."""
        generator = np.random.default_rng([run, zlib.crc32(self.name.encode())])
        return tuple(one.drawn(self.sizes[run], generator) if isinstance(one, Feed) else one for one in self.operands)

    def known(self) -> tuple[Known | None, ...]:
        """What types are inferred from."""
        return tuple(None if one is None else known_of(one) for one in self.operands)


def known_of(one: Feed | np.ndarray) -> Known:
    if isinstance(one, Feed):
        return Known(one.type)
    found = TensorType(DType(one.dtype.name), one.shape)
    content = tuple(one.reshape(-1).tolist()) if found.dtype in WORDS and one.ndim < 2 else None
    return Known(found, content)


Generator: TypeAlias = Callable[[type[Operator], DType, random.Random], Iterator[Case]]

#: The generator of every operator, by domain and kind.
GENERATORS: dict[tuple[str, str], Generator] = {}


def generates(*kinds: str, domain: str = "") -> Callable[[Generator], Generator]:
    """Register a generator, which is called for every element type of the operator's main letter."""

    def registered(generator: Generator) -> Generator:
        for kind in kinds:
            GENERATORS[domain, kind] = generator
        return generator

    return registered


def main_dtypes(cls: type[Operator]) -> tuple[DType, ...]:
    """The element types of the first operand, most used first."""
    letter = cls.operands[0].elements if cls.operands else cls.results[0].elements
    return tuple(dtype for dtype in DType if dtype in cls.elements[letter])


def cases_of(key: tuple[str, str]) -> list[Case]:
    """All cases of an operator, named."""
    cls = OPERATORS[key]
    found = []
    for dtype in main_dtypes(cls):
        choose = random.Random(f"{key} {dtype}")
        for index, case in enumerate(GENERATORS[key](cls, dtype, choose)):
            name = f"{cls.kind}-{dtype}-{index}" + (f"-{case.note}" if case.note else "")
            found.append(Case(case.op, case.operands, case.sizes, case.note, name=name))
    return found


# --- parts of generators ----------------------------------------------------------------------------------------------


def tensor(dtype: DType, *shape: Dim) -> TensorType:
    return TensorType(dtype, shape)


def int64s(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def count(dtype: DType, many: int, few: int = 2) -> int:
    """How many random cases: many of the types that every kernel has, few of the others."""
    return many if dtype in (DType.FLOAT32, DType.INT64) else few


def some_sizes(choose: random.Random, names: str, low: int = 1, high: int = 5, runs: int = 2) -> tuple[dict, ...]:
    """Different sizes for the symbols, several times."""
    return tuple({name: choose.randint(low, high) for name in names} for _ in range(runs))
