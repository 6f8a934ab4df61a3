"""The whole story: source -> tree -> graph -> passes -> model.

``compile_file`` and ``compile_source`` go as far as the checked graph; what they return optimizes and exports itself
when asked to, so that checking a file loads neither numpy nor onnx.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from .arguments import need, need_choice, need_folder, need_names, need_path, need_seed
from .diagnostics import Diagnostic, DotnnError, Report
from .diagnostics.element_types import NothingInFloat32, NotInThisType, NumbersVanish
from .diagnostics.imports import NoModel, SourceUnreadable
from .diagnostics.notices import tell
from .diagnostics.output import OutOfMemory, WouldReplace
from .diagnostics.suggest import listed, near_names
from .elaborate.elaborate import Network, elaborate, elaborate_in, evaluate_consts
from .elaborate.evaluate import evaluate
from .elaborate.modules import Module, Project, project_root
from .elaborate.python_values import need_mapping, python_values
from .elaborate.resolve import resolve
from .elaborate.scope import Scope
from .elaborate.state import Elaboration, Frame, Stop, Usage
from .elaborate.values import CompileValue, Unknown
from .files import instead, read_bounded, read_regular, why_not
from .graph.graph import Graph
from .graph.operations import Constant
from .graph.tensors import Role, Weight
from .graph.types import DTYPES, DType, FloatType, TensorType
from .limits import Limits
from .metrics.costs import weights_bytes
from .passes.expectations import judge_expectations
from .passes.targets import DEFAULT_TARGET, Target
from .reprs import quantity, quoted, short_repr
from .room import room
from .source import Source
from .syntax import tree
from .syntax.parse import parse_value
from .syntax.read import read_source
from .weights.initializers import INITIALIZERS
from .weights.values import WeightValues

if TYPE_CHECKING:
    from .export import ModelMetadata, WrittenModel
    from .passes.comparison import Comparison
    from .passes.pipeline import Optimized
    from .passes.summary import Summary
    from .weights.given import Weights
    from .weights.matching import Matching
    from .weights.rounding import Rounding

#: The families of codes of texts that could not be parsed, or not all of them.
_SYNTAX = ("E1", "E5")


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
        from .passes.summary import summarize

        return summarize(self.graph)

    def optimized(self, target: Target = DEFAULT_TARGET) -> Optimized:
        """The graph of the operators after the passes for a target, and what was fused.

        Raises:
            DotnnError: there is no such target.
        """
        from .passes.pipeline import optimize

        need_choice(target, "target", get_args(Target))
        if target not in self._optimized:
            with room():
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
        from .passes.pipeline import complete

        need_choice(target, "target", get_args(Target))
        with room():
            graph = self.optimized(target).graph if optimize else complete(self.graph)
        require_kernels(self.graph, graph, target)
        return graph

    @contextmanager
    def _values(self, seed: int, weights: Weights | None, matching: Matching | None) -> Iterator[WeightValues]:
        from .weights.given import given_weights

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
        from .weights.rounding import Rounding

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
            with room():
                yield
        except MemoryError:
            raise DotnnError(OutOfMemory(name=self.name, size=self.weights_bytes)) from None

    def _metadata(self, target: Target, labels: Sequence[str] | None, optimized: bool) -> ModelMetadata:
        from .export import ModelMetadata
        from .metrics.input_ranges import input_ranges

        names = need_names(labels, "labels")
        ranges = input_ranges(self.graph)
        digest = self.network.module.digest
        return ModelMetadata(source_digest=digest, target=target, labels=names, ranges=ranges, optimized=optimized)


def _is_same_file(one: str, other: str) -> bool:
    # No file has a zero character in its name, and asking for one is an error.
    return "\0" not in one + other and os.path.realpath(one) == os.path.realpath(other)


def compile_file(
    path: str | os.PathLike[str],
    *,
    model: str | None = None,
    arguments: Mapping[str, CompileValue] | None = None,
    limits: Limits | None = None,
    root: str | os.PathLike[str] | None = None,
) -> Compiled:
    """Compile a model of a ``.nn`` file.

    Args:
        path: the file; ``-`` is standard input.
        model: which model, where the file has several.
        arguments: values of the model's arguments, as Python values; numbers and arrays of numpy are taken as well.
        limits: how much the compilation may use.
        root: the folder that imports may not leave; by default that of the project.

    Raises:
        TypeError: an argument of a wrong type.
        DotnnError: every error that the file has.
    """
    limits, root = _need_call(model, arguments, limits, root)
    report = Report()
    source = load_source(path, limits, report)
    return _compile(source, model, arguments, limits, root, report)


def compile_source(
    text: str,
    *,
    name: str = "<string>",
    model: str | None = None,
    arguments: Mapping[str, CompileValue] | None = None,
    limits: Limits | None = None,
    root: str | os.PathLike[str] | None = None,
) -> Compiled:
    """Compile a model of a text; imports are relative to the working directory. See ``compile_file``."""
    need(text, str, "text must be a str", "`dotnn.compile_file` reads files, and bytes are text after `.decode()`")
    need(name, str, "name must be a str, what messages call the text")
    limits, root = _need_call(model, arguments, limits, root)
    report = Report()
    source = read_source(text.encode("utf-8", "surrogatepass"), name, None, limits, report)
    return _compile(source, model, arguments, limits, root, report)


def check(
    path: str | os.PathLike[str],
    *,
    arguments: Mapping[str, CompileValue] | None = None,
    model: str | None = None,
    limits: Limits | None = None,
    root: str | os.PathLike[str] | None = None,
) -> Report:
    """Everything that is wrong with a file: all of its models are elaborated. A file without models may be fine.

    Raises:
        TypeError: an argument of a wrong type; what is wrong with the file is only reported.
    """
    need_model = model is not None
    return compile_models(path, arguments=arguments, model=model, limits=limits, root=root, need_model=need_model)[0]


def compile_models(
    path: str | os.PathLike[str],
    *,
    arguments: Mapping[str, CompileValue] | None = None,
    model: str | None = None,
    limits: Limits | None = None,
    root: str | os.PathLike[str] | None = None,
    need_model: bool = True,
) -> tuple[Report, tuple[Compiled, ...]]:
    """Everything that is wrong with a file, and if these are no errors, its models or the one of a name.

    Args:
        path: the file; ``-`` is standard input.
        arguments: as for ``compile_file``, like all that follow.
        model: the only one that is meant.
        limits: how much the compilation may use.
        root: the folder that imports may not leave.
        need_model: whether a file without models, or without this one, is wrong.

    Raises:
        TypeError: an argument of a wrong type.
    """
    limits, root = _need_call(model, arguments, limits, root)
    report = Report()
    source = load_source(path, limits, report)
    if source is None:
        return report, ()
    with room(limits):
        module = _load(source, limits, root, report)
        if module is None or _is_unread(report):
            return report, ()
        names = [name for name in module.models if model in (None, name)]
        if need_model and not names:
            report.add(_no_model(module, model))
        networks = _networks(module, names, arguments, limits, report)
    if report.has_errors:
        return report, ()
    return report, tuple(Compiled(network, report.diagnostics) for network in networks)


def compare(models: Iterable[Compiled]) -> Comparison:
    """What some models cost, side by side: a table of a row for each, in the order given."""
    from .passes.comparison import Comparison, measured

    what = "models must be some of what `dotnn.compile_file` gives"
    compiled = [need(one, Compiled, what) for one in need(models, Iterable, what)]
    return Comparison(tuple(measured(one.graph, one.network.module.source.name) for one in compiled))


def _need_call(
    model: object, arguments: object, limits: object, root: object
) -> tuple[Limits, str | os.PathLike[str] | None]:
    """The limits and the root of a call; raises TypeError where one of its arguments is of a wrong type."""
    if model is not None:
        need(model, str, "model must be a str, the name of a model")
    if arguments is not None:
        need_mapping(arguments)
    remedy = "give one such as `dotnn.Limits(nodes=100_000)`"
    found = Limits() if limits is None else need(limits, Limits, "limits must be a dotnn.Limits", remedy)
    return found, None if root is None else need_folder(root, "root")


def load_source(path: str | os.PathLike[str], limits: Limits, report: Report) -> Source | None:
    """Read a source file, or standard input for ``-``; None where that fails, with the reason in the report.

    Raises:
        TypeError: no path.
    """
    path = need_path(path, "path")
    try:
        if path == "-":
            # A process may be started without a standard input.
            data = read_bounded(sys.stdin.buffer, limits.source_bytes) if sys.stdin is not None else b""
            return read_source(data, "<stdin>", None, limits, report)
        data = read_regular(path, limits.source_bytes)
        return read_source(data, path, Path(path).resolve(), limits, report)
    except (OSError, ValueError) as error:
        report.add(_unreadable(path, error))
    return None


def _unreadable(path: str, error: OSError | ValueError) -> SourceUnreadable:
    shown, reason = path.replace("\0", "\\0"), why_not(error)
    if "{" in path and path.rstrip().endswith("}"):
        return SourceUnreadable(path=shown, reason=reason, hint="this is a text: `dotnn.compile_source` takes it")
    if instead(error):
        return SourceUnreadable(path=shown, reason=reason, hint=f"`-` reads standard input; else {instead(error)}")
    return SourceUnreadable(path=shown, reason=reason)


def parse_argument(name: str, text: str, limits: Limits, report: Report) -> CompileValue | None:
    """A value written on the command line, as in ``--set classes=5``; None where it is none."""
    source = Source(f"<{name}>", text)
    expression = parse_value(source, limits, report)
    if expression is None:
        return None
    if isinstance(expression, tree.Name) and expression.name not in (*INITIALIZERS, *DTYPES):
        # A shell takes quotes away: a bare word is a string.
        return expression.name
    module = Project(limits, report, None).add(Source(f"<{name}>", ""))
    if module is None:
        return None
    frame = Frame(Elaboration(limits, report), module, Scope(), name)
    with room(limits):
        try:
            value = evaluate(expression, frame)
        except Stop:
            return None
    return None if isinstance(value, Unknown) else value


def _compile(
    source: Source | None,
    model: str | None,
    arguments: Mapping[str, CompileValue] | None,
    limits: Limits,
    root: str | os.PathLike[str] | None,
    report: Report,
) -> Compiled:
    network = None
    if source is not None:
        with room(limits):
            module = _load(source, limits, root, report)
            names = [] if module is None or _is_unread(report) else _choose(module, model, report)
            if module is not None and names:
                network = next(iter(_networks(module, names, arguments, limits, report)), None)
    report.raise_errors()
    if network is None:
        raise DotnnError(*report.diagnostics)
    return Compiled(network, report.diagnostics)


def _in_type(written: Compiled, dtype: DType, keep_io: bool) -> Compiled:
    """A compiled model of another element type."""
    report = Report()
    with room(written.network.limits):
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


def _load(source: Source, limits: Limits, root: str | os.PathLike[str] | None, report: Report) -> Module | None:
    if root is not None:
        folder = Path(root).resolve()
    else:
        folder = project_root(source.path) if source.path is not None else _working_folder()
    return Project(limits, report, folder).add(source)


def _working_folder() -> Path | None:
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def _choose(module: Module, model: str | None, report: Report) -> list[str]:
    """The model that is meant; none, and a diagnostic, where that is not clear."""
    names = list(module.models) if model is None else [name for name in module.models if name == model]
    if len(names) == 1:
        return names
    report.add(_no_model(module, model))
    return []


def _no_model(module: Module, model: str | None) -> NoModel:
    names = list(module.models)
    known = listed(names)
    if not names:
        hint = "write one: `model name { input … output … }`; a file of blocks is for `import`"
        return NoModel(reason=f"`{module.source.name}` has no model", hint=hint)
    if model is None:
        return NoModel(reason=f"`{module.source.name}` has several models: {known}", hint="choose one with `--model`")
    near = near_names(model, names)
    return NoModel(reason=f"`{module.source.name}` has no model `{model}`", hint=f"it has {known}", near=near)


def _is_unread(report: Report) -> bool:
    """Whether something could not be parsed, which would be missed elsewhere: one mistake, one message."""
    return any(one.code.startswith(_SYNTAX) for one in report.errors)


def _networks(
    module: Module,
    names: Sequence[str],
    arguments: Mapping[str, object] | None,
    limits: Limits,
    report: Report,
) -> list[Network]:
    """Elaborate models of a file and check everything else in it; gives those models that have no errors."""
    usage, values = Usage(), python_values(arguments, limits, report)
    found: list[Network] = []
    for name in names:
        if not report.is_full and not usage.stopped:
            network = elaborate(module.models[name], module, values, limits, report, usage)
            found += [network] if network is not None else []
    before = len(report.errors)
    evaluate_consts(module, limits, report, usage)
    resolve(module.with_imports(), report)
    if len(report.errors) > before:
        # An expectation may be false because of them.
        return []
    for network in found:
        judge_expectations(network, report)
    return found
