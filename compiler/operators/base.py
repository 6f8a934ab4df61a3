"""The contract of an operator: one class for each operator of ONNX that lowering uses.

An operator is a frozen dataclass and the payload of a node of the same ``Graph`` that holds layers. Its fields are the
attributes, with ONNX's names and defaults; its class attributes say what it reads and gives, with ONNX's names and
element types; its methods are its meaning: symbolic types, and a numpy reference that is written independently of the
layers' references, which it is held against.

Wrong operands are a mistake of the compiler, never of a user: they raise ``InvalidOperands`` and no diagnostic.

The gradient of an operator will be a method beside ``compute``: operators built from its operands, its results and the
gradients of these. Operators with bodies (``Loop``, ``Scan``, ``If``) will have graphs among their fields.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar

from ..dims import Dim, DimExpr
from ..graph.tensors import Literal
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record

if TYPE_CHECKING:
    from typing import Self

_T = TypeVar("_T")

Shape: TypeAlias = tuple[Dim, ...]

#: The numbers that a small tensor of ints holds, in order.
Content: TypeAlias = tuple[Dim, ...]

#: The types of operands, None for an absent one; absent ones at the end may be left out.
Types: TypeAlias = Sequence[TensorType | None]

#: For each operand the numbers that it is known to hold, or None.
Numbers: TypeAlias = Sequence[Literal | None]

FLOATS = frozenset({DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16, DType.FLOAT64})
WORDS = frozenset({DType.INT32, DType.INT64})
BYTES = frozenset({DType.INT8, DType.UINT8})
INT64 = frozenset({DType.INT64})
INT32 = frozenset({DType.INT32})
BOOL = frozenset({DType.BOOL})
NUMBERS = FLOATS | WORDS | BYTES
ANY = frozenset(DType)

#: Tensors of more elements have no content: no tensor has more axes, and none is split into more parts.
LONGEST_CONTENT = 4096


class InvalidOperands(ValueError):
    """Operands, or attributes, that an operator does not take; always a mistake of whoever built it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a value while types are inferred.

    Attributes:
        type: its element type and shape.
        content: its elements, where it is an int32 or int64 tensor of rank 0 or 1 and they are known. A scalar has one.
    """

    type: TensorType
    content: Content | None = None

    @classmethod
    def of_literal(cls, literal: Literal, dtype: DType) -> Known:
        """What is known of a constant."""
        found = TensorType(dtype, literal.shape)
        if dtype not in WORDS or found.rank > 1 or len(literal.elements) > LONGEST_CONTENT:
            return cls(found)
        return cls(found, tuple(map(int, literal.elements)))

    @property
    def dtype(self) -> DType:
        """Its element type."""
        return self.type.dtype

    @property
    def shape(self) -> Shape:
        """Its shape."""
        return self.type.shape

    @property
    def rank(self) -> int:
        """How many axes."""
        return len(self.type.shape)


@dataclass(frozen=True, slots=True)
class Operand:
    """An operand in an operator's signature, named as in ONNX.

    Attributes:
        elements: the letter of its element types; all operands and results of one letter have the same one.
        optional: may be absent.
        variadic: stands for one operand or more; only the last one may.
    """

    name: str
    elements: str = "T"
    optional: bool = False
    variadic: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """A result in an operator's signature, named as in ONNX.

    A node always has all results; that a file leaves out those which nothing reads is the writer's affair.

    Attributes:
        elements: the letter of its element type.
        variadic: stands for any number of results (``Split``).
    """

    name: str
    elements: str = "T"
    variadic: bool = False


@dataclass(frozen=True, slots=True)
class RuntimeActivation:
    """An activation as onnxruntime's fused operators name it, with its parameters in their order."""

    name: str
    parameters: tuple[float, ...] = ()


#: Operator classes by domain and kind; filled as the classes are defined.
OPERATORS: dict[tuple[str, str], type[Operator]] = {}


@record
class Operator(ABC):
    """Base of all operators. Concrete classes set ``kind``; a class is abstract or final.

    A field is an attribute, named as in ONNX, of the types int, float, str, a tuple of one of them, or ``DType``; None
    leaves it out. Attributes for which onnxruntime has no kernel, or a wrong one, have no field: see
    ``docs/architecture.md``.

    Class attributes:
        kind: ONNX's ``op_type``.
        domain: empty for ONNX's own operators, ``com.microsoft`` for those of onnxruntime alone.
        operands: what it reads.
        results: what it gives.
        elements: the element types that each letter of the signature stands for.
        source: where the definition comes from.
        keeps_values: whether every element of the results is one of the operands', so that it may be computed in
            any element type.
        elementwise: whether every element of the result is computed from those at its place, shapes broadcasting.
        folds: whether it is computed when a model is built, where its operands are known then and ``work`` is little.
    """

    kind: ClassVar[str]
    domain: ClassVar[str] = ""
    operands: ClassVar[tuple[Operand, ...]] = (Operand("X"),)
    results: ClassVar[tuple[Result, ...]] = (Result("Y"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": ANY}
    source: ClassVar[str]
    keeps_values: ClassVar[bool] = False
    elementwise: ClassVar[bool] = False
    folds: ClassVar[bool] = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "kind" in cls.__dict__:
            OPERATORS[cls.domain, cls.kind] = cls

    def infer(self, *operands: Known | None) -> tuple[Known, ...]:
        """What is known of the results: their types, and the contents of small tensors of ints.

        Args:
            operands: what is known of each operand, None for an absent one; absent ones at the end may be left out.

        Raises:
            InvalidOperands: they do not fit, or what the types depend on is not known.
            DimTooComplex: a dimension of a result passes a limit.
        """
        given = self._completed(operands)
        try:
            dtypes = self._dtypes(given)
            shapes = self.shapes(*given)
        except InvalidOperands as fault:
            types = ", ".join("none" if one is None else str(one.type) for one in given)
            raise InvalidOperands(f"{self.kind} of ({types}): {fault}") from fault
        types = [
            TensorType(dtypes[one.elements], shape) for one, shape in zip(self._of_each(shapes), shapes, strict=True)
        ]
        if len(types) > 1 or types[0].dtype not in WORDS or len(types[0].shape) > 1:
            return tuple(map(Known, types))
        return (Known(types[0], self._checked_content(types[0], self.content(*given))),)

    @abstractmethod
    def shapes(self, *operands: Any, **unused: Any) -> tuple[Shape, ...]:
        """The shapes of the results, from what is known of the operands, absent ones included.

        Raises:
            InvalidOperands: they do not fit.
        """

    def content(self, *operands: Any, **unused: Any) -> Content | None:
        """The elements of the only result, a tensor of ints of rank 0 or 1; None where they are not known."""
        return None

    def result_dtypes(self) -> Mapping[str, DType]:
        """Element types that an attribute says, by their letter."""
        return {}

    def passed_on(self, operands: Types, constants: Numbers, results: Sequence[TensorType]) -> int | None:
        """The index of the operand that the only result is, to the last bit; None where that is not certain.

        It is that operand only if it has its type, too, which whoever asks compares: what keeps all elements in their
        order gives its operand where that has the wanted shape already.
        """
        return None

    def work(self, operands: Types, results: Sequence[TensorType]) -> Dim:
        """About how many elements it reads and writes: each once, unless an operator says more."""
        total: Dim = 0
        for one in (*operands, *results):
            total = total if one is None else total + one.elements
        return total

    def runtime_activation(self, constants: Numbers) -> RuntimeActivation | None:
        """How onnxruntime's fused operators apply it to what they compute; None for what they do not apply.

        Args:
            constants: the numbers of its operands that are constants; the first operand is what it is applied to.
        """
        return None

    def bind(self, sizes: Mapping[str, int]) -> Self:
        """The operator with the symbols in its attributes replaced by their sizes, as ``reference`` wants it."""
        return self

    def reference(self, *arrays: np.ndarray | None) -> tuple[np.ndarray, ...]:
        """What the operator computes, in plain numpy.

        Numbers are computed in the element type of the operands, so that float64 operands give a float64 oracle,
        whatever their declared type; those of 16 bits are computed in float32 and rounded once, as runtimes do.

        Args:
            arrays: the operands, None for an absent one; absent ones at the end may be left out.

        Raises:
            InvalidOperands: the arrays do not fit, or hold an index that does not exist.
        """
        given = self._completed(arrays)
        # Infinities and what is no number are results like others.
        with np.errstate(all="ignore"):
            results = [np.asarray(result) for result in self.compute(*map(_widened, given))]
            rounded = {one.elements: array.dtype for one, array in self._present(given)}
            return tuple(
                result.astype(rounded.get(one.elements, result.dtype), copy=False)
                for one, result in zip(self._of_each(results), results, strict=True)
            )

    @abstractmethod
    def compute(self, *arrays: Any, **unused: Any) -> tuple[Any, ...]:
        """The results for arrays that fit, absent ones included, none of them of 16 bits."""

    def _completed(self, given: Sequence[_T | None]) -> tuple[_T | None, ...]:
        """The operands with absent ones at the end filled in."""
        if len(given) == len(self.operands) and not any(one is None for one in given):
            return tuple(given)
        last = self.operands[-1] if self.operands else None
        most = None if last is not None and last.variadic else len(self.operands)
        if most is not None and len(given) > most:
            raise InvalidOperands(f"{self.kind} takes {most} operands, not {len(given)}")
        completed = (*given, *(None,) * (len(self.operands) - len(given)))
        for one, value in zip(self._of_each_operand(completed), completed, strict=True):
            if value is None and not one.optional:
                raise InvalidOperands(f"{self.kind} needs the operand {one.name}")
        return completed

    def _of_each_operand(self, given: Sequence[Any]) -> tuple[Operand, ...]:
        further = len(given) - len(self.operands)
        return (*self.operands, *(self.operands[-1:] * further)) if further else self.operands

    def _of_each(self, found: Sequence[Any]) -> tuple[Result, ...]:
        if not self.results[-1].variadic:
            return self.results
        (*ahead, last) = self.results
        return (*ahead, *(last,) * (len(found) - len(ahead)))

    def _present(self, given: Sequence[_T | None]) -> list[tuple[Operand, _T]]:
        pairs = zip(self._of_each_operand(given), given, strict=True)
        return [(one, value) for one, value in pairs if value is not None]

    def _dtypes(self, given: Sequence[Known | None]) -> dict[str, DType]:
        """The element type that each letter stands for."""
        found = {letter: next(iter(dtypes)) for letter, dtypes in self.elements.items() if len(dtypes) == 1}
        found.update(self.result_dtypes())
        for one, known in self._present(given):
            if known.dtype not in self.elements[one.elements]:
                raise InvalidOperands(f"{one.name} cannot have elements of {known.dtype}")
            if found.setdefault(one.elements, known.dtype) is not known.dtype:
                raise InvalidOperands(f"{one.name} has elements of {known.dtype}, not {found[one.elements]}")
        return found

    def _checked_content(self, found: TensorType, content: Content | None) -> Content | None:
        """The content, unless it is long or a number of it is not in the range of the element type."""
        if content is None or len(content) > LONGEST_CONTENT:
            return None
        if found.shape != (len(content),) and (found.shape or len(content) != 1):
            raise InvalidOperands(f"{self.kind}: the content {content} of {found}")
        return content if all(isinstance(one, DimExpr) or found.dtype.holds(one) for one in content) else None


def _widened(array: np.ndarray | None) -> np.ndarray | None:
    if array is None:
        return None
    # bfloat16 is no floating point type of numpy's own.
    return array.astype("float32") if array.dtype.name in ("float16", "bfloat16") else array
