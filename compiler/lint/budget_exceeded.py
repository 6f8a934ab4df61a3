"""Models that cost more than their budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Final

from ..byte_counts import exact_bytes
from ..diagnostics import Label, Severity
from ..dims import Dim, DimTooComplex, decide_less_equal, format_dim
from ..graph.graph import Graph, Node
from ..graph.operations import Constant, Parameter
from ..measure.budgets import Budget
from ..measure.costs import COSTS, bytes_of, count, node_macs
from ..records import positional_record, record
from ..source import Span
from .base import Lint, Subject, place_of


@record
class BudgetExceeded(Lint):
    """A model costs more than the budget that the settings have for its file.

    Budgets stand in `dotnn.toml`, or below `[tool.dotnn]` in `pyproject.toml`, by patterns of files; of several that
    fit a file, the smallest counts for each metric. Metrics are those that `expect` has for a whole model: `params`,
    `macs`, `weights_bytes`, `peak_activation_bytes` and `longest_path`, for one example (`N = 1`). An `expect` states
    what the author of a model knows of it; a budget is what its team, or the device, allows. To exceed it is an error,
    and no comment suppresses that.

    Where a cost depends on a symbolic dimension, it is over its budget if it is so for every size, and within it if it
    is so for every size. If neither is certain, that is a warning.

    ```toml
    budgets = { "net.nn" = { params = "100K" } }
    ```

    Bad:

    ```nn
    model net {
        input image: float32[N, 784]
        output scores = image -> dense(512) -> relu -> head: dense(10)
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 784]
        output scores = image -> dense(64) -> relu -> head: dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L301"
    severity: ClassVar[Severity] = Severity.ERROR
    needs: ClassVar[tuple[str, ...]] = ("budgets",)
    message: ClassVar[str] = "`{metric}` of `{model}` is {measured}, and its budget is {most}: {clause}"
    clause: ClassVar[str] = "{over} too much"
    label: ClassVar[str] = "over the budget"
    remedy: ClassVar[str] = "make the model smaller{where}, or raise the budget of `{pattern}`"

    #: What is said of a cost that no expression can say.
    too_complex: ClassVar[str] = "a formula of too many parts"

    model: str
    metric: str
    cost: Dim | None  #: None where no expression can say it
    budget: Budget
    largest: Part | None = None

    @property
    def measured(self) -> str:
        """What the model has."""
        return self.too_complex if self.cost is None else _shown(self.cost, self.metric)

    @property
    def most(self) -> str:
        """What it may have."""
        return _shown(self.budget.most, self.metric)

    @property
    def over(self) -> str:
        """By how much it is over the budget."""
        return _shown(self.cost - self.budget.most, self.metric) if isinstance(self.cost, int) else ""

    @property
    def pattern(self) -> str:
        """The files that the budget is for."""
        return self.budget.pattern

    @property
    def where(self) -> str:
        """The layer at which to begin."""
        return f", `{self.largest.name}` first" if self.largest is not None else ""

    def labels(self) -> tuple[Label, ...]:
        """The layer that has most of it, and the budget."""
        part, place = self.largest, self.budget.place
        largest = (Label(part.place, self._share(part)),) if part is not None and part.place is not None else ()
        return (*largest, Label(place, "this budget")) if place is not None else largest

    def notes(self) -> tuple[str, ...]:
        """The largest layer where it has no place of its own."""
        part = self.largest
        return (self._share(part),) if part is not None and part.place is None else ()

    def _share(self, part: Part) -> str:
        return f"`{part.name}` has most: {_shown(part.cost, self.metric)}"

    @classmethod
    def find(cls, subject: Subject) -> Iterator[BudgetExceeded]:
        """Every budget that a model is not certainly within."""
        for network in subject.networks:
            for budget in subject.surroundings.budgets:
                cost = _cost(network.graph, budget.metric)
                is_within = None if cost is None else decide_less_equal(cost, budget.most)
                if is_within is True:
                    continue
                if is_within is None:
                    kind = BudgetUndecided
                else:
                    kind = BudgetExceeded if isinstance(cost, int) else BudgetExceededAlways
                name = network.model.name
                largest = _largest(network.graph, budget.metric)
                yield kind(
                    span=name.span, model=name.name, metric=budget.metric, cost=cost, budget=budget, largest=largest
                )


@record
class BudgetExceededAlways(BudgetExceeded):
    """A cost that depends on a symbolic dimension, and is over its budget for every size of that."""

    clause: ClassVar[str] = "that is too much for every size"


@record
class BudgetUndecided(BudgetExceeded):
    """A cost that is over its budget for some sizes of a symbolic dimension, or may be."""

    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "`{metric}` of `{model}` is {measured}: whether it is within its budget, {most}, is open"
    label: ClassVar[str] = "over the budget for some sizes, or it may be"
    remedy: ClassVar[str] = "give the dimension a number in the type of the input; only `N` is taken to be 1"


@positional_record
class Part:
    """A layer with what it costs by itself."""

    name: str
    cost: int
    place: Span | None


def _cost(graph: Graph, metric: str) -> Dim | None:
    try:
        return COSTS[metric](graph)
    except DimTooComplex:
        return None


def _largest(graph: Graph, metric: str) -> Part | None:
    """The layer that has most of a cost; None where that is no sum over layers, or not known of all."""
    measure = _PARTS.get(metric)
    if measure is None:
        return None
    try:
        costs = [(measure(graph, node), node) for node in graph.nodes() if not isinstance(node.op, Constant)]
    except DimTooComplex:
        return None
    known = [(cost, node) for cost, node in costs if isinstance(cost, int)]
    if not known or len(known) < len(costs):
        return None
    cost, node = max(known, key=lambda one: one[0])
    return Part(node.name, cost, place_of(node)) if cost else None


def _params(graph: Graph, node: Node) -> Dim:
    return count(node.owned).params


def _weights_bytes(graph: Graph, node: Node) -> Dim:
    return sum(weight.elements * weight.dtype.size for weight in node.owned)


def _activation_bytes(graph: Graph, node: Node) -> Dim:
    total: Dim = 0
    for kind in () if isinstance(node.op, Parameter) else node.results:
        total = total + bytes_of(kind)
    return total


#: What a layer has of a cost by itself. The longest path is of no layer.
_PARTS: Final[Mapping[str, Callable[[Graph, Node], Dim]]] = {
    "params": _params,
    "macs": node_macs,
    "weights_bytes": _weights_bytes,
    "peak_activation_bytes": _activation_bytes,
}


def _shown(cost: Dim, metric: str) -> str:
    """A cost for reading."""
    if not isinstance(cost, int):
        return f"`{format_dim(cost)}`"
    return exact_bytes(cost) if metric.endswith("_bytes") else f"{cost:,}"
