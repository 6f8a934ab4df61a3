"""Judging the expectations of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..diagnostics import DotnnError, Report
from ..diagnostics.expectations import (
    CostDependsOnDimension,
    CostTooComplex,
    ExpectationFailed,
    ExpectationFailedOtherwise,
    FieldOfValue,
    FieldTooComplex,
    FieldWithoutSpatialInput,
    Made,
    NoCondition,
    Step,
)
from ..dims import Dim, DimExpr, DimTooComplex, format_dim, symbols, watched
from ..elaborate.conditions import comparison
from ..elaborate.models import Network
from ..elaborate.state import Expectation, Measure, evaluate
from ..graph.graph import Graph, Node, Value
from ..graph.types import BATCH, format_shape
from ..layers.spatial_families import Spatial
from ..source import Span
from ..syntax import tree
from ..values.budget import Stop
from ..values.compile_values import KnownValue, TensorRef, Unknown, describe
from .costs import COSTS
from .metric_names import METRICS, RECEPTIVE_FIELD
from .receptive_fields import Field, receptive_field, receptive_fields

#: How many steps of a shape's way a failed expectation shows.
WAY = 8


def judge_expectations(network: Network, report: Report) -> None:
    """Report every expectation of a model that does not hold; a warning where arguments are not the defaults."""
    measures = _Metrics(network.graph)
    try:
        for expectation in network.expectations:
            if not report.is_full:
                _judge(expectation, network, measures)
    except Stop:
        return


def _judge(expectation: Expectation, network: Network, measures: _Metrics) -> None:
    frame = expectation.frame
    try:
        with watched(frame.budget.step):
            _hold(expectation, network, measures)
    except DotnnError as error:
        frame.fail_all(error)


def _hold(expectation: Expectation, network: Network, measures: _Metrics) -> None:
    frame, condition = expectation.frame, expectation.condition
    before = len(frame.budget.report.errors)
    frame.metrics, measures.span = measures, condition.span
    try:
        holds = evaluate(condition, frame)
        if isinstance(holds, Unknown) or len(frame.budget.report.errors) > before or holds is True:
            return
        if holds is not False:
            raise DotnnError(NoCondition(span=condition.span, found=describe(holds)))
        raise DotnnError(_failed(condition, expectation, network))
    finally:
        frame.metrics = None


def _failed(
    condition: tree.Expression, expectation: Expectation, network: Network
) -> ExpectationFailed | ExpectationFailedOtherwise:
    kind = ExpectationFailed if network.defaults else ExpectationFailedOtherwise
    found = comparison(condition, expectation.frame)
    tensor = None
    if isinstance(condition, tree.Binary):
        tensor = _tensor_in(condition.left, expectation) or _tensor_in(condition.right, expectation)
    block = expectation.frame.block if expectation.frame.module.source.in_library else ""
    if tensor is None:
        return kind(span=condition.span, block=block, comparison=found)
    node = network.graph.producer(tensor)
    way = tuple(_way(network.graph, node, expectation.frame.budget.step))
    made = Made(_place(node), node.name, str(node.results[0]))
    return kind(span=condition.span, block=block, comparison=found, made=made, way=way)


def _tensor_in(expression: tree.Expression, expectation: Expectation) -> Value | None:
    """The tensor whose shape an expectation asks for: ``features`` in ``features.shape``."""
    if isinstance(expression, tree.Index):
        return _tensor_in(expression.base, expectation)
    if not isinstance(expression, tree.Attribute):
        return None
    value = evaluate(expression.base, expectation.frame)
    return value.value if isinstance(value, TensorRef) else None


def _place(node: Node) -> Span | None:
    return node.origins[-1].place if node.origins else None


def _way(graph: Graph, node: Node, step: Callable[[], None]) -> Iterator[Step]:
    """The last layers on the way to a node that change the spatial sizes; ``step`` is called for each layer seen."""
    steps: list[Step] = []
    current = node
    while len(steps) < WAY:
        step()
        operand = next((value for value in current.operands if value is not None), None)
        if operand is None:
            break
        before, after = graph.type_of(operand), current.results[0]
        if _resizes(current) and before.shape[2:] != after.shape[2:]:
            shapes = format_shape(before.shape), format_shape(after.shape)
            steps.append(Step(current.name, *shapes, _place(current)))
        current = graph.producer(operand)
    yield from reversed(steps)


def _resizes(node: Node) -> bool:
    return isinstance(node.op, Spatial)


class _Metrics(Mapping[str, int | Measure]):
    """The metrics of a graph by name, each computed once, when it is asked for.

    Attributes:
        span: the expectation that asks.
    """

    def __init__(self, graph: Graph) -> None:
        self.span: Span | None = None
        self._graph = graph
        self._costs: dict[str, Dim | DimTooComplex] = {}
        self._fields: dict[Value, Field] | None = None

    def __getitem__(self, name: str) -> int | Measure:
        if name == RECEPTIVE_FIELD:
            return self._receptive_field
        if name not in self._costs:
            self._costs[name] = self._measured(name)
        value = self._costs[name]
        if isinstance(value, DimTooComplex):
            names = tuple(sorted(self._symbols()))
            raise DotnnError(CostTooComplex(span=self.span, metric=name, names=names, formula=str(value)))
        if isinstance(value, DimExpr):
            names, formula = tuple(sorted(symbols(value))), format_dim(value)
            raise DotnnError(CostDependsOnDimension(span=self.span, metric=name, names=names, formula=formula))
        return value

    def _measured(self, name: str) -> Dim | DimTooComplex:
        try:
            return COSTS[name](self._graph)
        except DimTooComplex as error:
            return error

    def __iter__(self) -> Iterator[str]:
        return iter(METRICS)

    def __len__(self) -> int:
        return len(METRICS)

    def _symbols(self) -> set[str]:
        return {one for node in self._graph.inputs for one in node.results[0].symbols if one != BATCH}

    def _receptive_field(self, value: KnownValue, span: Span) -> Dim:
        if not isinstance(value, TensorRef):
            raise DotnnError(FieldOfValue(span=span, found=describe(value)))
        if self._fields is None:
            self._fields = receptive_fields(self._graph)
        try:
            field = receptive_field(value.value, self._fields)
        except DimTooComplex as error:
            raise DotnnError(FieldTooComplex(span=span, limit=str(error))) from None
        if field is None:
            raise DotnnError(FieldWithoutSpatialInput(span=span))
        return field
