"""A checked model, which optimizes, exports and saves itself when it is asked to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from .diagnostics import Diagnostic, DotnnError, Report
from .diagnostics.notices import tell
from .diagnostics.precision import NothingInFloat32, NotInThisType, NumbersVanish
from .diagnostics.writing import OutOfMemory, WouldReplace
from .elaborate.models import Network, elaborate_in
from .graph.graph import Graph
from .graph.operations import Constant
from .graph.tensors import Role, Weight
from .graph.types import DType, FloatType, TensorType
from .measure.costs import weights_bytes
from .passes.targets import DEFAULT_TARGET, Target
from .python_arguments import need, need_choice, need_names, need_path, need_seed
from .reprs import quantity, quoted, short_repr
from .weights.weight_values import WeightValues

if TYPE_CHECKING:
    from .export import ModelMetadata, WrittenModel
    from .measure.comparison import Comparison
    from .measure.summary import Summary
    from .passes.pass_pipeline import Optimized
    from .weights.given_weights import Weights
    from .weights.matching import Matching
    from .weights.rounding_effects import Rounding


@dataclass(eq=False)
class Compiled:
    """A checked model.

    Attributes:
        network: the elaborated model.
        warnings: what may be a mistake.
    """

    network: Network
    warnings: tuple[Diagnostic, ...]
    _optimized: dict[str, Optimized] = field(default_factory=dict, repr=False)
    #: The model as its text says, where this is that of another element type.
    _written: Compiled | None = field(default=None, repr=False)
    _dtype: DType = field(default=DType.FLOAT32, repr=False)
    _in_types: dict[tuple[DType, bool], Compiled] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        count = sum(one.elements for one in self.graph.weights() if one.role is Role.PARAMETER)
        sizes = (quantity(len(self.graph), "node"), quantity(count, "parameter"))
        return short_repr(self, quoted(self.name), *sizes, quantity(len(self.warnings), "warning"))

    @property
    def name(self) -> str:
        """The model's name."""
        return self.graph.name

    @property
    def graph(self) -> Graph:
        """The layer graph as written, before any pass."""
        return self.network.graph

    @property
    def loaded_graph(self) -> Graph:
        """The layers whose weights are loaded and saved: as written, so that nothing is lost, or as built if wider."""
        is_narrow = self._written is not None and self._dtype.size < DType.FLOAT32.size
        return self._written.graph if self._written is not None and is_narrow else self.graph

    @property
    def weights(self) -> tuple[Weight, ...]:
        """What is loaded and saved."""
        return self.loaded_graph.weights()

    @property
    def weights_bytes(self) -> int:
        """Bytes of all weights, running statistics included."""
        return weights_bytes(self.graph)

    def in_type(self, dtype: FloatType, *, keep_io: bool = False) -> Compiled:
        """The model of another element type: its text compiled anew with this type where its types say float32.

        What the text casts from one float to float32 stays float32, and so does what says another type. The
        expectations are those of the text as it is and not judged again. New warnings are told, as ``DotnnWarning``.

        Args:
            dtype: `float16`, `bfloat16` or `float64`.
            keep_io: whether inputs and outputs stay as written, by casts behind and before them.

        Raises:
            TypeError: an argument of a wrong type.
            DotnnError: there is no such type, or the text says what does not fit it.
        """
        need_choice(dtype, "dtype", get_args(FloatType))
        key = (DType(dtype), need(keep_io, bool, "keep_io must be a bool"))
        written = self._written or self
        if key not in written._in_types:
            written._in_types[key] = _in_type(written, *key)
        return written._in_types[key]

    def summary(self) -> Summary:
        """Every layer with its shape and costs."""
        from .measure.measure_graph import summarize

        return summarize(self.graph)

    def optimized(self, target: Target = DEFAULT_TARGET) -> Optimized:
        """The graph of the operators after the passes for a target, and what was fused.

        Raises:
            DotnnError: there is no such target.
        """
        from .passes.pass_pipeline import optimize

        need_choice(target, "target", get_args(Target))
        if target not in self._optimized:
            self._optimized[target] = optimize(self.graph, target)
        return self._optimized[target]

    def to_bytes(
        self,
        *,
        target: Target = DEFAULT_TARGET,
        optimize: bool = True,
        seed: int = 0,
        weights: Weights | None = None,
        matching: Matching | None = None,
        labels: Sequence[str] | None = None,
        dtype: FloatType | None = None,
        keep_io: bool = False,
    ) -> bytes:
        """The ONNX model in one piece.

        Args:
            target: what the model may hold beside standard operators.
            optimize: whether to run the passes.
            seed: of the initializers, of at most 64 bits.
            weights: the path of a weight file, arrays by name, such as a ``state_dict`` of PyTorch, or a model of
                Keras: every weight of the model, and nothing else.
            matching: how names become those of the model, and what may be missing.
            labels: names of the classes, for the model's metadata.
            dtype: the element type to build it in instead of float32: `float16`, `bfloat16` or `float64`; see
                ``in_type``. Weights that become infinite or 0 by rounding give a ``DotnnWarning``.
            keep_io: with ``dtype``: whether inputs and outputs stay as written.

        Raises:
            TypeError: an argument of a wrong type.
            DotnnError: all that does not fit in the weights, a layer that the target has no kernel for, or a model that
                is larger than 2 GB.
        """
        from .export import to_bytes

        if dtype is not None:
            model = self.in_type(dtype, keep_io=keep_io)
            return model.to_bytes(
                target=target, optimize=optimize, seed=seed, weights=weights, matching=matching, labels=labels
            )
        graph = self._graph_for(target, optimize)
        metadata = self._metadata(target, labels, optimize)
        with self._memory(), self._values(seed, weights, matching) as values:
            return to_bytes(graph, values, metadata=metadata)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        target: Target = DEFAULT_TARGET,
        optimize: bool = True,
        seed: int = 0,
        weights: Weights | None = None,
        matching: Matching | None = None,
        labels: Sequence[str] | None = None,
        dtype: FloatType | None = None,
        keep_io: bool = False,
    ) -> WrittenModel:
        """Write the ONNX model, large weights into a data file beside it; an existing file survives any failure.

        The arguments are those of ``to_bytes``.

        Raises:
            TypeError: an argument of a wrong type.
            DotnnError: all that does not fit in the weights, a layer that the target has no kernel for, a file that
                cannot be written, or one that the model is made from.
        """
        from .export import write_model

        if dtype is not None:
            model = self.in_type(dtype, keep_io=keep_io)
            return model.save(
                path, target=target, optimize=optimize, seed=seed, weights=weights, matching=matching, labels=labels
            )
        path = Path(need_path(path, "path"))
        graph = self._graph_for(target, optimize)
        metadata = self._metadata(target, labels, optimize)
        self._spare_sources(path, weights, getattr(matching, "rename", None))
        with self._memory(), self._values(seed, weights, matching) as values:
            written = write_model(graph, path, values, metadata=metadata)
        return replace(written, rounding=values.rounding)

    def _graph_for(self, target: Target, optimize: bool) -> Graph:
        """The graph to write, which the target can run."""
        from .passes.kernels import require_kernels
        from .passes.pass_pipeline import complete

        need_choice(target, "target", get_args(Target))
        graph = self.optimized(target).graph if optimize else complete(self.graph)
        require_kernels(self.graph, graph, target)
        return graph

    @contextmanager
    def _values(self, seed: int, weights: Weights | None, matching: Matching | None) -> Iterator[WeightValues]:
        from .weights.given_weights import given_weights

        seed = need_seed(seed)
        with given_weights(weights, self.loaded_graph, matching) as source:
            rounding = self._rounding()
            yield WeightValues(seed, source, rounding)
        for diagnostic in () if rounding is None else rounding.diagnostics():
            tell(diagnostic)

    def _rounding(self) -> Rounding | None:
        """What takes note of how weights are rounded; None where they have the element type of the text, or a wider."""
        if self._written is None or self._dtype.size >= DType.FLOAT32.size:
            return None
        from .weights.rounding_effects import Rounding

        types = {weight.name: weight.dtype for weight in self._written.graph.weights()}
        changed = [one.name for one in self.graph.weights() if types.get(one.name, one.dtype) is not one.dtype]
        return Rounding(self._dtype, changed)

    def _spare_sources(self, path: Path, *given: object) -> None:
        """Refuse to write into a file that the model is made from."""
        texts = (module.source.path for module in self.network.module.with_imports())
        files = [os.fspath(file) for file in (*texts, *given) if isinstance(file, str | os.PathLike)]
        if any(_is_same_file(os.fspath(path), file) for file in files):
            raise DotnnError(WouldReplace(path=str(path), suggested=f"{self.name}.onnx"))

    @contextmanager
    def _memory(self) -> Iterator[None]:
        try:
            yield
        except MemoryError:
            raise DotnnError(OutOfMemory(name=self.name, size=self.weights_bytes)) from None

    def _metadata(self, target: Target, labels: Sequence[str] | None, optimized: bool) -> ModelMetadata:
        from .export import ModelMetadata
        from .measure.input_ranges import input_ranges

        names = need_names(labels, "labels")
        ranges = input_ranges(self.graph)
        digest = self.network.module.digest
        return ModelMetadata(source_digest=digest, target=target, labels=names, ranges=ranges, optimized=optimized)


def _is_same_file(one: str, other: str) -> bool:
    # No file has a zero character in its name, and asking for one is an error.
    return "\0" not in one + other and os.path.realpath(one) == os.path.realpath(other)


def _in_type(written: Compiled, dtype: DType, keep_io: bool) -> Compiled:
    """A compiled model of another element type."""
    report = Report()
    network = elaborate_in(written.network, dtype, report)
    if network is None or report.has_errors:
        raise DotnnError(NotInThisType(name=written.name, dtype=dtype), *report.diagnostics)
    if _float_types(network.graph) == _float_types(written.graph):
        tell(NothingInFloat32(name=written.name, dtype=dtype))
    for warning in (*report.diagnostics, *_vanished(network.graph, dtype)):
        if warning not in written.warnings:
            tell(warning)
    if keep_io:
        from .passes.keep_interface import keep_interface

        keep_interface(network.graph, written.graph)
    return Compiled(network, report.diagnostics, _written=written, _dtype=dtype)


def _vanished(graph: Graph, dtype: DType) -> Iterator[Diagnostic]:
    """What is to be said of numbers of the text that are 0 in the element type."""
    for node in graph.nodes():
        if isinstance(node.op, Constant) and node.results[0].dtype is dtype:
            # A half of the smallest number is rounded to the even one of its neighbours, 0.
            number = sum(0 < abs(one) <= dtype.smallest / 2 for one in node.op.value.elements)
            if number:
                yield NumbersVanish(span=node.origins[0].place, dtype=dtype, number=number, names=(node.name,))


def _float_types(graph: Graph) -> list[tuple[TensorType, ...]]:
    return [node.results for node in graph.nodes()]


def compare(models: Iterable[Compiled]) -> Comparison:
    """What some models cost, side by side: a table of a row for each, in the order given."""
    from .measure.comparison import Comparison
    from .measure.measure_graph import measured

    what = "models must be some of what `dotnn.compile_file` gives"
    compiled = [need(one, Compiled, what) for one in need(models, Iterable, what)]
    return Comparison(tuple(measured(one.graph, one.network.module.source.name) for one in compiled))
