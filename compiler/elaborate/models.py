"""From a syntax tree to a graph: one model, its arguments given."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeAlias

from ..diagnostics import DotnnError, Report
from ..diagnostics.imports import ArgumentNotOfType, ArgumentWithoutValue, NoSuchArgument, TensorAsArgument
from ..diagnostics.names import SameFullName, UnknownFrozenPath
from ..diagnostics.suggest import near_names
from ..dims import watched
from ..graph.graph import Graph, Node, Origin, place_of
from ..graph.operations import Input, Parameter
from ..graph.tensors import Weight
from ..graph.types import DType
from ..graph.value_names import wished_names
from ..layers.base import Layer, WeightSpec
from ..limits import Limits
from ..names.project import Module
from ..names.written_types import is_value_type
from ..records import positional_record
from ..reprs import quoted, short_repr
from ..source import Span
from ..syntax import tree
from ..values.budget import Budget, Stop
from ..values.compile_values import UNKNOWN, CompileValue, Unknown, describe
from . import calls, expressions, pipelines  # noqa: F401  they register what evaluates each expression
from .declared_types import hold_against
from .layer_nodes import weight_dtype
from .scope import Entry, Scope, prefixes
from .state import MODEL_STEPS, Bound, Consts, Draft, Elaboration, Expectation, Frame, evaluate
from .statements import run_model


@positional_record
class Network:
    """An elaborated model.

    Attributes:
        expectations: what ``expect`` states, not yet judged.
        defaults: whether every argument has its default value, for which the expectations are written.
        arguments: the values of the model's arguments that were given.
        limits: how much elaborating it might use up.
        freezes: the paths of its ``freeze`` statements, and where they stand.
    """

    graph: Graph
    model: tree.Model
    module: Module
    expectations: tuple[Expectation, ...]
    defaults: bool
    arguments: Mapping[str, CompileValue]
    limits: Limits
    freezes: tuple[tuple[str, Span], ...] = ()

    def __repr__(self) -> str:
        return short_repr(self, repr(self.graph), quoted(self.module.source.name))


def elaborate_all(
    names: Sequence[str],
    module: Module,
    arguments: Mapping[str, CompileValue],
    budget: Budget,
    *,
    may_lack: bool = False,
) -> list[Network]:
    """Those models of a file that have no errors; its consts are evaluated as well, which may have errors, too.

    Args:
        names: which of the file's models.
        module: the file, its names resolved. If its report has errors, only more of them are looked for.
        arguments: as for ``elaborate``.
        budget: likewise.
        may_lack: whether a model may lack some of the arguments, which are then for others.
    """
    report, consts, is_sound = budget.report, Consts(), not budget.report.has_errors
    found: list[Network] = []
    for name in names:
        if not report.is_full and not budget.stopped:
            model = module.models[name]
            own = {one.name.name for one in model.formals} if may_lack else arguments.keys()
            given = {name: value for name, value in arguments.items() if name in own}
            network = elaborate(model, module, given, budget, consts, is_sound=is_sound)
            found += [network] if network is not None else []
    before = len(report.errors)
    _evaluate_consts(module, budget, consts)
    return found if len(report.errors) == before else []


def elaborate(
    model: tree.Model,
    module: Module,
    arguments: Mapping[str, CompileValue],
    budget: Budget,
    consts: Consts | None = None,
    floats: DType = DType.FLOAT32,
    *,
    is_sound: bool = True,
) -> Network | None:
    """Elaborate a model; None where the report has errors of it.

    Args:
        model: one of the module's models.
        module: the file.
        arguments: values of the model's arguments by name; the others take their defaults.
        budget: what it may use up, and other models of the file have used up; its report takes every diagnostic.
        consts: values of consts, as far as they are known.
        floats: the element type that stands for float32 in the types of the text.
        is_sound: whether every name of the file means something; else there is no graph, only more that is wrong.
    """
    report = budget.report
    state = Elaboration(budget, consts, floats)
    scope = Scope()
    frame = Frame(state, module, scope, model.name.name)
    before = len(report.errors)
    try:
        budget.step(MODEL_STEPS, model.span)
        with watched(budget.step):
            defaults = _bind_arguments(model, arguments, frame)
            run_model(model, frame)
        scope.close()
        if len(report.errors) > before or not is_sound:
            return None
        graph = _build(model, frame)
    except Stop:
        return None
    except DotnnError as error:
        frame.fail_all(error)
        return None
    if graph is None or len(report.errors) > before:
        return None
    expectations, freezes = tuple(state.expectations), tuple(state.freezes)
    return Network(graph, model, module, expectations, defaults, arguments, budget.limits, freezes)


def elaborate_in(network: Network, floats: DType, report: Report) -> Network | None:
    """The same model anew, with another element type for float32 in the types of the text; see ``elaborate``."""
    budget = Budget(network.limits, report)
    return elaborate(network.model, network.module, network.arguments, budget, floats=floats)


def _evaluate_consts(module: Module, budget: Budget, consts: Consts) -> None:
    """Evaluate the consts of a file that nothing has asked for yet: they may have errors too."""
    frame = Frame(Elaboration(budget, consts), module, Scope(), "")
    try:
        with watched(budget.step):
            for found in module.items.values():
                item = found.item
                if isinstance(item, tree.Const) and (id(found.module), item.name.name) not in consts:
                    expressions.const_value(item, found.module, item.name.span, frame)
    except Stop:
        return


def _bind_arguments(model: tree.Model, arguments: Mapping[str, CompileValue], frame: Frame) -> bool:
    """Bind the arguments of a model; returns whether every one has its default value."""
    names = [formal.name.name for formal in model.formals]
    for name in arguments:
        if name not in names:
            near, place = near_names(name, names), model.name
            frame.fail(NoSuchArgument(span=place.span, model=place.name, name=name, known=tuple(names), near=near))
    defaults = True
    for formal in model.formals:
        value = default = UNKNOWN
        try:
            default = _default(formal, frame)
            value = _argument_value(formal, default, arguments, frame)
        except DotnnError as error:
            frame.fail_all(error)
        defaults = defaults and value == default
        frame.bindings[formal.name.name] = Bound(value, formal.name.span)
    return defaults


def _default(formal: tree.Formal, frame: Frame) -> CompileValue:
    """The default value of a model's argument; unknown if it has none."""
    if formal.default is None or formal.type is None or not is_value_type(formal.type):
        return UNKNOWN
    at = formal.default
    return hold_against(formal.name.name, evaluate(at, frame), formal.type, frame, at)


def _argument_value(
    formal: tree.Formal, default: CompileValue, arguments: Mapping[str, CompileValue], frame: Frame
) -> CompileValue:
    name = formal.name.name
    if formal.type is None or not is_value_type(formal.type):
        raise DotnnError(TensorAsArgument(span=formal.span, name=name))
    if name in arguments:
        return _given_value(formal, formal.type, arguments[name], frame)
    if formal.default is None:
        raise DotnnError(ArgumentWithoutValue(span=formal.span, name=name))
    return default


def _given_value(formal: tree.Formal, written: tree.Type, value: CompileValue, frame: Frame) -> CompileValue:
    """A value from outside of the text, which is not the text's fault if it is of the wrong type."""
    name = formal.name.name
    if isinstance(value, Unknown):
        return value
    try:
        return hold_against(name, value, written, frame, formal)
    except DotnnError:
        fault = ArgumentNotOfType(span=formal.span, name=name, declared=written.name, found=describe(value))
        raise DotnnError(fault) from None


def _build(model: tree.Model, frame: Frame) -> Graph | None:
    """Make the graph of the drafts, now that every name is known."""
    state = frame.state
    graph = Graph(model.name.name, frame.module.doc(model))
    names = _Names(frame)
    frozen = frozen_weights(frame)
    for draft in state.drafts:
        name = names.of(draft)
        # A fused or folded node's weights keep the names that the owner gave them.
        weights = {spec.name: _weight(draft, spec, frozen, names) for spec in draft.weights}
        # A parameter is its weight; its draft has no other operation.
        op = Parameter(weights.pop("")) if draft.op is None else draft.op
        path = draft.entry.path if draft.entry is not None else name
        origin = Origin(path, draft.call, draft.calls)
        graph.add(
            op,
            draft.operands,
            draft.results,
            name=name,
            weights=weights,
            origins=(origin,),
            doc=draft.doc,
        )
    for name, (ref, _, doc) in state.outputs.items():
        graph.outputs[name] = ref.value
        if doc:
            graph.output_docs[name] = doc
    graph.demands = list(state.demands)
    _check_value_names(graph, frame)
    return graph


def _check_value_names(graph: Graph, frame: Frame) -> None:
    """Refuse a layer named like a weight or like a further result of another layer.

    In files they would have one name, and which of the two gets another one would depend on what a build leaves out.
    """
    weights = {weight.name: weight.span for weight in graph.weights()}
    results: dict[str, Node] = {}
    for value, name in wished_names(graph.nodes()):
        node = graph.producer(value)
        if not isinstance(node.op, Layer):
            continue
        other = results.setdefault(name, node)
        if name in weights or other is not node:
            earlier = weights.get(name, other.origin.place)
            frame.fail(SameFullName(span=node.origin.span, name=name, earlier=earlier), node.origin.calls)


class _Names:
    """Full names of nodes and weights, each unique."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._weights: dict[str, tuple[Entry, Span | None]] = {}
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}
        drafts = frame.state.drafts
        self._inputs = {draft.name for draft in drafts if isinstance(draft.op, Input)}
        self._nodes: dict[str, Span | None] = {d.name: d.call.span for d in drafts if isinstance(d.op, Input)}
        self._labelled = {self._path(draft.entry) for draft in drafts if draft.entry is not None}

    def _path(self, entry: Entry) -> str:
        path = entry.path
        if len(path) > self._frame.budget.limits.name_length:
            self._frame.budget.stop("name_length", entry.span)
        return path

    def of(self, draft: Draft) -> str:
        """The name of a draft's node."""
        if isinstance(draft.op, Input):
            return draft.name
        if draft.entry is None:
            return self._free(draft)
        name = draft.entry.path
        if name in self._nodes and name not in self._inputs:
            self._frame.fail(SameFullName(span=draft.call.span, name=name, earlier=self._nodes[name]), draft.calls)
            self._taken.add(name)
        self._nodes.setdefault(name, place_of(draft.call.span, draft.calls))
        return name

    def _free(self, draft: Draft) -> str:
        """A name for a constant, which no label can be: it has a colon where its own is taken."""
        name, number = draft.name, self._numbers.get(draft.name, 0)
        if number:
            name = f"{draft.name}:{number}"
        while name in self._nodes or name in self._labelled:
            number += 1
            name = f"{draft.name}:{number}"
        self._numbers[draft.name] = number + 1
        self._nodes[name] = draft.call.span
        return name

    def weight(self, owner: Entry, local: str, way: tuple[Span, ...]) -> tuple[str, Span | None]:
        """The full name of a weight, reported where another owner has it, and its place."""
        name = f"{owner.path}.{local}" if local else owner.path
        other, place = self._weights.setdefault(name, (owner, place_of(owner.span, way)))
        if other is not owner and owner.path not in self._taken:
            self._frame.fail(SameFullName(span=owner.span, name=name, earlier=place), way)
        return name, place


def _weight(draft: Draft, spec: WeightSpec, frozen: Collection[Owned], names: _Names) -> Weight:
    if draft.entry is None:
        raise ValueError("a constant owns no weights")
    owner = draft.entry.owner
    dtype = draft.results[0].dtype if spec.name == "" else weight_dtype(draft.results)
    name, place = names.weight(owner, spec.name, draft.calls)
    return Weight(
        name,
        spec.shape,
        dtype if dtype.is_float else DType.FLOAT32,
        spec.initializer,
        spec.fan,
        spec.role,
        (owner, spec.name) in frozen,
        place,
    )


#: Paths beyond this many are not suggested for one that is unknown.
MOST_PATHS = 20_000

#: A weight: the entry that owns it, and its local name.
Owned: TypeAlias = tuple[Entry, str]


def frozen_weights(frame: Frame) -> frozenset[Owned]:
    """The weights that are held, by their full names, by those of what they belong to, or of what reuses that.

    Names of nothing are reported.
    """
    if not frame.state.freezes:
        return frozenset()
    weights = dict(_named_weights(frame))
    names = sorted({*weights, *(draft.entry.path for draft in frame.state.drafts if draft.entry is not None)})
    frozen: set[str] = set()
    last = None
    for path, span in sorted(frame.state.freezes, key=lambda one: one[0]):
        below = _at_or_below(names, path)
        if not below:
            frame.fail(_unknown(path, names, span))
            continue
        if last is None or not path.startswith(f"{last}."):
            frozen.update(names[below.start : below.stop])
            last = path
    return frozenset((owner, spec.name) for name, (owner, spec) in weights.items() if name in frozen)


def _named_weights(frame: Frame) -> Iterator[tuple[str, tuple[Entry, WeightSpec]]]:
    """Every weight by its full names: one, and one more for each ``reuse`` of its layer."""
    for draft in frame.state.drafts:
        if draft.entry is None:
            continue
        path = draft.entry.path
        for spec in draft.weights:
            yield f"{path}.{spec.name}" if spec.name else path, (draft.entry.owner, spec)


def _unknown(path: str, names: Sequence[str], span: Span) -> UnknownFrozenPath:
    outer = path.rpartition(".")[0]
    inside = (names[index][len(outer) + 1 :] for index in _at_or_below(names, outer)) if outer else iter(())
    parts = dict.fromkeys(name.partition(".")[0] for name in islice(inside, MOST_PATHS))
    near = near_names(path, _with_prefixes(names))
    return UnknownFrozenPath(span=span, path=path, near=near, outer=outer, inside=tuple(filter(None, parts)))


def _at_or_below(names: Sequence[str], path: str) -> range:
    """Which of the sorted names are a path or lie below it: in labels, the dot comes before all other characters."""
    return range(bisect_left(names, path), bisect_left(names, f"{path}/"))


def _with_prefixes(names: Sequence[str]) -> list[str]:
    """The names and those that they lie below, the outermost first."""
    found = (prefix for name in names for prefix in prefixes(name))
    return sorted(set(islice(found, MOST_PATHS)), key=lambda path: (path.count("."), path))
