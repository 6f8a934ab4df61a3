"""What an elaboration carries along: the nodes drafted so far, the limits used up, and where we are."""

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
from .demands import Demands
from .scope import Entry, Scope

if TYPE_CHECKING:
    from ..names.project import Module
    from ..syntax import tree


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
