"""The whole story: source -> tree -> graph -> passes -> model.

``compile_file`` and ``compile_source`` go as far as the checked graph; what they return optimizes and exports itself
when asked to, so that checking a file loads neither numpy nor onnx.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .diagnostics import Diagnostic, DotnnError, Report
from .diagnostics.imports import NoModel, SourceUnreadable
from .diagnostics.output import OutOfMemory
from .diagnostics.suggest import listed, near_names
from .elaborate.elaborate import Network, elaborate, evaluate_consts
from .elaborate.evaluate import evaluate
from .elaborate.modules import Module, Project, project_root
from .elaborate.resolve import resolve
from .elaborate.scope import Scope
from .elaborate.state import Elaboration, Frame, Stop, Usage
from .elaborate.values import CompileValue, Unknown
from .graph.graph import Graph
from .graph.types import DTYPES
from .limits import Limits
from .passes.expectations import judge_expectations
from .passes.metrics import weights_bytes
from .passes.targets import DEFAULT_TARGET, Target
from .source import Source
from .syntax import tree
from .syntax.parse import parse_value
from .syntax.read import read_bytes, read_source
from .weights.initializers import INITIALIZERS
from .weights.values import WeightSource, WeightValues

if TYPE_CHECKING:
    from .export import ModelMetadata, WrittenModel
    from .passes.pipeline import Optimized
    from .passes.summary import Summary

#: The families of codes of texts that could not be parsed, or not all of them.
_SYNTAX = ("E1", "E5")

#: Python frames that one level of nesting may take, with room to spare.
_FRAMES_PER_LEVEL = 40
#: The greatest limit of recursion that Python takes.
_MOST_FRAMES = 2**31 - 1


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

    @property
    def name(self) -> str:
        """The model's name."""
        return self.graph.name

    @property
    def graph(self) -> Graph:
        """The layer graph as written, before any pass."""
        return self.network.graph

    @property
    def weights_bytes(self) -> int:
        """Bytes of all weights, running statistics included."""
        return weights_bytes(self.graph)

    def summary(self) -> Summary:
        """Every layer with its shape and costs."""
        from .passes.summary import summarize

        return summarize(self.graph)

    def optimized(self, target: Target = DEFAULT_TARGET) -> Optimized:
        """The graph after the passes for a target, and what was fused."""
        from .passes.pipeline import optimize

        if target not in self._optimized:
            self._optimized[target] = optimize(self.graph, target)
        return self._optimized[target]

    def to_bytes(
        self,
        *,
        target: Target = DEFAULT_TARGET,
        optimize: bool = True,
        seed: int = 0,
        weights: WeightSource | None = None,
        labels: tuple[str, ...] | None = None,
    ) -> bytes:
        """The ONNX model in one piece.

        Args:
            target: what the model may hold beside standard operators.
            optimize: whether to run the passes.
            seed: of the initializers.
            weights: loaded tensors by name; each must fit (``weights.binding`` checks that).
            labels: names of the classes, for the model's metadata.

        Raises:
            DotnnError: the model is larger than 2 GB.
        """
        from .export import to_bytes

        graph = self.optimized(target).graph if optimize else self.graph
        with self._memory():
            return to_bytes(graph, WeightValues(seed, weights), metadata=self._metadata(target, labels))

    def save(
        self,
        path: str | Path,
        *,
        target: Target = DEFAULT_TARGET,
        optimize: bool = True,
        seed: int = 0,
        weights: WeightSource | None = None,
        labels: tuple[str, ...] | None = None,
    ) -> WrittenModel:
        """Write the ONNX model, large weights into a data file beside it; an existing file survives any failure.

        The arguments are those of ``to_bytes``.

        Raises:
            DotnnError: the file cannot be written.
        """
        from .export import write_model

        graph = self.optimized(target).graph if optimize else self.graph
        values = WeightValues(seed, weights)
        with self._memory():
            return write_model(graph, Path(path), values, metadata=self._metadata(target, labels))

    @contextmanager
    def _memory(self) -> Iterator[None]:
        try:
            yield
        except MemoryError:
            raise DotnnError(OutOfMemory(name=self.name, size=self.weights_bytes)) from None

    def _metadata(self, target: Target, labels: tuple[str, ...] | None) -> ModelMetadata:
        from .export import ModelMetadata

        return ModelMetadata(source_digest=self.network.module.digest, target=target, labels=labels)


def compile_file(
    path: str | Path,
    *,
    model: str | None = None,
    arguments: Mapping[str, CompileValue] | None = None,
    limits: Limits | None = None,
    root: str | Path | None = None,
) -> Compiled:
    """Compile a model of a ``.nn`` file.

    Args:
        path: the file; ``-`` is standard input.
        model: which model, where the file has several.
        arguments: values of the model's arguments, as Python values.
        limits: how much the compilation may use.
        root: the folder that imports may not leave; by default that of the project.

    Raises:
        DotnnError: every error that the file has.
    """
    report = Report()
    limits = limits or Limits()
    source = load_source(path, limits, report)
    return _compile(source, model, arguments, limits, root, report)


def compile_source(
    text: str,
    *,
    name: str = "<string>",
    model: str | None = None,
    arguments: Mapping[str, CompileValue] | None = None,
    limits: Limits | None = None,
    root: str | Path | None = None,
) -> Compiled:
    """Compile a model of a text; imports are relative to the working directory. See ``compile_file``."""
    report = Report()
    limits = limits or Limits()
    source = read_source(text.encode("utf-8", "surrogatepass"), name, None, limits, report)
    return _compile(source, model, arguments, limits, root, report)


def check(
    path: str | Path,
    *,
    arguments: Mapping[str, CompileValue] | None = None,
    model: str | None = None,
    limits: Limits | None = None,
    root: str | Path | None = None,
) -> Report:
    """Everything that is wrong with a file: all of its models are elaborated. A file without models may be fine."""
    report = Report()
    limits = limits or Limits()
    source = load_source(path, limits, report)
    if source is None:
        return report
    with _room(limits):
        module = _load(source, limits, root, report)
        if module is None or _is_unread(report):
            return report
        names = list(module.models) if model is None else [model]
        for name in names:
            if name not in module.models:
                report.add(_no_model(module, name))
        _networks(module, [name for name in names if name in module.models], arguments, limits, report)
    return report


def load_source(path: str | Path, limits: Limits, report: Report) -> Source | None:
    """Read a source file, or standard input for ``-``; None where that fails, with the reason in the report."""
    try:
        if str(path) == "-":
            # A process may be started without a standard input.
            data = sys.stdin.buffer.read(limits.source_bytes + 1) if sys.stdin is not None else b""
            return read_source(data, "<stdin>", None, limits, report)
        data = read_bytes(Path(path), limits)
        return read_source(data, str(path), Path(path).resolve(), limits, report)
    except OSError as error:
        reason = (error.strerror or "it is not open for reading").lower()
        report.add(SourceUnreadable(path=str(path), reason=reason))
    except ValueError:
        report.add(SourceUnreadable(path=str(path).replace("\0", "\\0"), reason="this is no path"))
    return None


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
    with _room(limits):
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
    root: str | Path | None,
    report: Report,
) -> Compiled:
    network = None
    if source is not None:
        with _room(limits):
            module = _load(source, limits, root, report)
            names = [] if module is None or _is_unread(report) else _choose(module, model, report)
            if module is not None and names:
                network = next(iter(_networks(module, names, arguments, limits, report)), None)
    report.raise_errors()
    if network is None:
        raise DotnnError(*report.diagnostics)
    return Compiled(network, report.diagnostics)


def _load(source: Source, limits: Limits, root: str | Path | None, report: Report) -> Module | None:
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
    usage, values = Usage(), python_values(arguments)
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


def python_values(arguments: Mapping[str, object] | None) -> dict[str, CompileValue]:
    """Values from Python as the language has them: lists are tuples."""
    return {name: _frozen(value) for name, value in (arguments or {}).items()}


def _frozen(value: object) -> CompileValue:
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value


@contextmanager
def _room(limits: Limits) -> Iterator[None]:
    """Room for the deepest nesting that the limits admit; it is Python's own stack that grows, not the machine's.

    Nothing is garbage before the end, and looking for some takes a third of the time.
    """
    before, collecting = sys.getrecursionlimit(), gc.isenabled()
    sys.setrecursionlimit(max(before, min(1000 + limits.nesting * _FRAMES_PER_LEVEL, _MOST_FRAMES)))
    gc.disable()
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
        if collecting:
            gc.enable()
