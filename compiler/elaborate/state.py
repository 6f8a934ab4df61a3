"""What an elaboration carries along: the nodes drafted so far, what must hold of dimensions, and where we are."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ..diagnostics import Diagnostic, DotnnError, Label
from ..dims import Dim, DimExpr
from ..graph.graph import Value
from ..graph.operations import Constant, Operation
from ..graph.tensors import Initializer
from ..graph.types import DType, TensorType
from ..layers.base import WeightSpec
from ..records import positional_record
from ..reprs import short_repr
from ..source import Span
from ..values.budget import Budget, Stop
from ..values.kinds import CompileValue, TensorConstant, TensorRef, first
from .scope import Entry, Scope

if TYPE_CHECKING:
    from ..names.project import Module
    from ..syntax import tree


from collections.abc import Iterable, Iterator
from typing import final

from ..diagnostics.values import NeverPositive
from ..dims import DimTooComplex, decide_less_equal, format_dim, solve_at_least, spare, substitute, symbol
from ..graph.graph import Demand

#: Of so many demands on several symbols it is looked at whether one implies another; more say the same twice at most.
MOST_COMPARED = 32


@final
class Demands:
    """The demands on the symbolic dimensions, each once, and the sizes that are known to be at least 1.

    Every dimension of every tensor goes through `need_size`, once: whatever makes a type need not think of it.
    """

    def __init__(self) -> None:
        self._demands: dict[Demand, None] = {}
        self._unread: list[Demand] = []
        self._least: dict[str, int] = {}
        self._compared: list[Dim] = []
        self._held: set[Dim] = set()

    def __iter__(self) -> Iterator[Demand]:
        return iter(self._demands)

    def extend(self, demands: Iterable[Demand]) -> None:
        """Take demands of a layer."""
        for demand in demands:
            if demand not in self._demands:
                self._demands[demand] = None
                self._unread.append(demand)

    def unheld(self, dims: Iterable[Dim]) -> Iterator[Dim]:
        """Those of some dimensions that nothing has shown yet to be at least 1."""
        return (dim for dim in dims if not (dim >= 1 if isinstance(dim, int) else dim in self._held))

    def need_size(self, dim: Dim, span: Span | None, what: str) -> None:
        """Demand that a dimension is at least 1, unless that is certain or follows from what is demanded already.

        Args:
            dim: the dimension.
            span: where it comes from.
            what: what has it, as a phrase: ``what `expand` gives``.

        Raises:
            DotnnError: ``NeverPositive``, if it is below 1 for all sizes.
        """
        holds = decide_less_equal(1, dim)
        if holds is False:
            raise DotnnError(NeverPositive(span=span, dim=format_dim(dim), what=what))
        if holds is None and not self._follows(dim):
            self.extend((Demand(dim, 1, span, f"{what} has a dimension of that size"),))
        self._held.add(dim)

    def _follows(self, dim: Dim) -> bool:
        """Whether the demands so far imply that a dimension is at least 1."""
        try:
            self._read()
            if decide_less_equal(1, substitute(dim, self._raised())):
                return True
            wanted = spare(dim, 1)
            return any(decide_less_equal(known, wanted) for known in self._compared)
        except DimTooComplex:
            return False

    def _raised(self) -> dict[str, Dim]:
        """For each symbol with a least size an expression that is never below it."""
        return {name: symbol(name) + (least - 1) for name, least in self._least.items()}

    def _read(self) -> None:
        """Take in what the demands since the last time say: the least size of a symbol, or what is never negative."""
        while self._unread:
            demand = self._unread.pop()
            solved = solve_at_least(demand.dim, demand.minimum)
            if solved is not None:
                name, least = solved
                self._least[name] = max(least, self._least.get(name, 1))
            elif len(self._compared) < MOST_COMPARED:
                self._compared.append(spare(demand.dim, demand.minimum))


#: Values of consts by file and name; None while one is being evaluated.
Consts: TypeAlias = dict[tuple[int, str], CompileValue | None]

#: Steps for what takes longer than evaluating an expression: a node, a result or weight of it, a body of statements.
NODE_STEPS, TENSOR_STEPS, BODY_STEPS, MODEL_STEPS = 15, 3, 5, 30


@dataclass(slots=True, eq=False, repr=False)
class Draft:
    """A node that has everything but its name, which is known only when all scopes have closed.

    Attributes:
        op: None for a parameter, which is its weight and nothing else.
        entry: the entry that names it, or None for a constant, which is named ``name``.
        weights: what it owns or shares, with the initializer that the source asked for.
        arguments: the attributes as written, by name.
    """

    op: Operation | None
    operands: tuple[Value | None, ...]
    results: tuple[TensorType, ...]
    entry: Entry | None
    name: str
    span: Span | None
    calls: tuple[Span, ...]
    weights: tuple[WeightSpec, ...] = ()
    doc: str = ""
    arguments: Mapping[str, Span] = field(default_factory=dict)


@positional_record
class Expectation:
    """An ``expect`` and the frame in which its names mean what they mean."""

    condition: tree.Expression
    span: Span
    frame: Frame

    def __repr__(self) -> str:
        return short_repr(self, repr(self.condition))


class Elaboration:
    """The state of elaborating one model.

    Attributes:
        budget: what it may use up.
        consts: values of consts by file and name; they are the same in every model of a file.
        floats: what float32 in the types of the text means.
        active: identities of the blocks that are being run.
    """

    def __init__(self, budget: Budget, consts: Consts | None = None, floats: DType = DType.FLOAT32) -> None:
        self.budget = budget
        self.consts: Consts = {} if consts is None else consts
        self.floats = floats
        self.active: set[int] = set()
        self.drafts: list[Draft] = []
        self.demands = Demands()
        self.symbols: dict[str, DimExpr] = {}
        self.expectations: list[Expectation] = []
        self.outputs: dict[str, tuple[TensorRef, Span, str]] = {}
        self.freezes: list[tuple[str, Span]] = []
        self._constants: dict[TensorConstant, TensorRef] = {}

    def draft(self, draft: Draft) -> tuple[TensorRef, ...]:
        """Take a node; returns references to its results.

        Every tensor is made here, so that none has an axis which nobody has asked to be at least 1.

        Raises:
            DotnnError: ``NeverPositive``, if an axis of a result is below 1 for all sizes.
        """
        node = len(self.drafts)
        if node >= self.budget.limits.nodes:
            self.budget.stop("nodes", draft.span)
        self.budget.step(NODE_STEPS + TENSOR_STEPS * (len(draft.results) + len(draft.weights)), draft.span)
        for result in draft.results:
            for dim in self.demands.unheld(result.shape):
                self.demands.need_size(
                    dim, _origin(dim, draft), f"what `{'parameter' if draft.op is None else draft.op.kind}` gives"
                )
        self.drafts.append(draft)
        return tuple(TensorRef(Value(node, index), kind) for index, kind in enumerate(draft.results))

    def document(self, value: CompileValue, since: int, doc: str) -> None:
        """Give a documentation comment to the node that makes a value, if it is as new as that and has none."""
        made = first(value)
        if doc and isinstance(made, TensorRef) and made.value.node >= since:
            draft = self.drafts[made.value.node]
            draft.doc = draft.doc or doc

    def constant(self, constant: TensorConstant, span: Span) -> TensorRef:
        """A tensor constant as a tensor of the graph: one node, however often it is used."""
        found = self._constants.get(constant)
        if found is not None:
            return found
        op = Constant(constant.literal)
        (made,) = self.draft(Draft(op, (), (constant.type,), None, constant.name, span, ()))
        self._constants[constant] = made
        return made


def _origin(dim: Dim, draft: Draft) -> Span | None:
    """Where a dimension of a result is written: the attribute that holds it, or the call."""
    for name, span in draft.arguments.items():
        value = getattr(draft.op, name, None)
        if isinstance(value, tuple) and dim in value:
            return span
    return draft.span


@dataclass(eq=False, repr=False)
class Bound:
    """A name bound to a value."""

    value: CompileValue
    span: Span


@dataclass(eq=False, repr=False)
class Frame:
    """Where evaluation stands: what names mean here, which scope names what is made, how we came here.

    Attributes:
        outer: the frame around a loop body; None for a body of a block or a model.
        calls: the enclosing block calls, innermost first, for traces.
        block: the name of the block or model.
        metrics: what ``expect`` measures, while an expectation is judged.
        in_const: a ``const`` is being evaluated, which knows no dimensions.
    """

    state: Elaboration
    module: Module
    scope: Scope
    block: str
    outer: Frame | None = None
    calls: tuple[Label, ...] = ()
    depth: int = 0
    bindings: dict[str, Bound] = field(default_factory=dict)
    metrics: Mapping[str, CompileValue] | None = None
    in_const: bool = False

    def fail(self, diagnostic: Diagnostic) -> None:
        """Report a diagnostic, with the way that led here."""
        if self.calls and not diagnostic.trace:
            diagnostic = dataclasses.replace(diagnostic, trace=self.calls)
        report = self.budget.report
        report.add(diagnostic)
        if report.is_full:
            raise Stop

    def fail_all(self, error: DotnnError) -> None:
        """Report what an error carries."""
        for diagnostic in error.diagnostics:
            self.fail(diagnostic)

    def find(self, name: str) -> Bound | None:
        """The binding of a name in this body, loops around included."""
        frame: Frame | None = self
        while frame is not None:
            bound = frame.bindings.get(name)
            if bound is not None:
                return bound
            frame = frame.outer
        return None

    def visible(self) -> list[str]:
        """Every name bound here, nearest first."""
        names: list[str] = []
        frame: Frame | None = self
        while frame is not None:
            names.extend(frame.bindings)
            frame = frame.outer
        return names

    def inside(self, scope: Scope | None = None) -> Frame:
        """A frame for the body of a loop or group."""
        deeper = self.depth + 1
        if deeper > self.budget.limits.nesting:
            self.budget.stop("nesting", scope.entry.span if scope is not None and scope.entry is not None else None)
        return dataclasses.replace(self, outer=self, scope=scope or self.scope, depth=deeper, bindings={})

    @property
    def budget(self) -> Budget:
        """What the elaboration may use up."""
        return self.state.budget

    @property
    def call_spans(self) -> tuple[Span, ...]:
        """The places of the enclosing block calls, innermost first."""
        return tuple(label.span for label in self.calls)


def with_initializer(spec: WeightSpec, initializer: Initializer) -> WeightSpec:
    """The same weight with first values from elsewhere."""
    return dataclasses.replace(spec, initializer=initializer)
