"""What an elaboration carries along: the nodes drafted so far, the limits used up, and where we are."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..diagnostics import Diagnostic, DotnnError, Label, Report
from ..diagnostics.limits import LimitExceeded
from ..graph.dims import Dim, DimExpr
from ..graph.graph import Value
from ..graph.operations import Constant, Operation
from ..graph.tensors import Initializer
from ..graph.types import DType, TensorType
from ..layers.base import WeightSpec
from ..limits import Limits
from ..records import positional_record
from ..reprs import short_repr
from ..source import Span
from .demands import Demands
from .lists import Lists
from .scope import Entry, Scope
from .values import CompileValue, TensorConstant, TensorRef, first

if TYPE_CHECKING:
    from ..syntax import tree
    from .modules import Module


class Stop(Exception):
    """A limit is used up, or the report is full: elaboration ends, with what was reported so far."""


@dataclass(slots=True, eq=False, repr=False)
class Usage:
    """What the models of a file have used up together.

    Attributes:
        steps: a step is some microseconds of work.
        stopped: a limit was exceeded, so that the next model would exceed it too.
        consts: values of consts by file and name; they are the same in every model.
    """

    steps: int = 0
    stopped: bool = False
    consts: dict[tuple[int, str], CompileValue] = field(default_factory=dict)


#: Steps for what takes longer than evaluating an expression: a node, a result or weight of it, a body of statements.
NODE_STEPS, TENSOR_STEPS, BODY_STEPS, MODEL_STEPS = 15, 3, 5, 30

#: Expressions that may be evaluated inside each other, for each level of nesting: those of a block and of its callers.
DEPTH_PER_LEVEL = 3


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
        floats: what float32 in the types of the text means.
        depth: how many expressions are being evaluated inside each other.
        active: identities of the blocks that are being run.
        place: the expression that is being evaluated, or was last.
        calls: the calls of blocks that are being run, innermost first.
    """

    def __init__(
        self, limits: Limits, report: Report, usage: Usage | None = None, floats: DType = DType.FLOAT32
    ) -> None:
        self.limits = limits
        self.floats = floats
        self.report = report
        self.usage = usage or Usage()
        self.depth = 0
        self.active: set[int] = set()
        self.place: Span | None = None
        self.calls: tuple[Label, ...] = ()
        self.lists = Lists(self)
        self.drafts: list[Draft] = []
        self.demands = Demands()
        self.symbols: dict[str, DimExpr] = {}
        self.expectations: list[Expectation] = []
        self.outputs: dict[str, tuple[TensorRef, Span, str]] = {}
        self.freezes: list[tuple[str, Span]] = []
        self._constants: dict[TensorConstant, TensorRef] = {}

    def step(self, count: int = 1, span: Span | None = None) -> None:
        """Count steps of evaluation; an element of a list made or walked through counts as one."""
        usage = self.usage
        usage.steps += count
        if usage.steps > self.limits.steps:
            self.stop("steps", span)

    def enter(self, span: Span) -> None:
        """Begin to evaluate something inside of something else; ``depth`` falls when that is done."""
        self.depth += 1
        self.place = span
        if self.depth > DEPTH_PER_LEVEL * self.limits.nesting:
            self.stop("nesting", span)

    def stop(self, limit: str, span: Span | None) -> None:
        """End the elaboration because a limit is used up."""
        maximum = getattr(self.limits, limit)
        found = LimitExceeded(span=span or self.place, limit=limit, maximum=maximum)
        if found.span is not None and found.span.source.in_library:
            from ..diagnostics.in_library import told_at_call

            found = told_at_call(dataclasses.replace(found, trace=self.calls))
        self.report.add(found)
        self.usage.stopped = True
        raise Stop

    def draft(self, draft: Draft) -> tuple[TensorRef, ...]:
        """Take a node; returns references to its results.

        Every tensor is made here, so that none has an axis which nobody has asked to be at least 1.

        Raises:
            DotnnError: ``NeverPositive``, if an axis of a result is below 1 for all sizes.
        """
        node = len(self.drafts)
        if node >= self.limits.nodes:
            self.stop("nodes", draft.span)
        self.step(NODE_STEPS + TENSOR_STEPS * (len(draft.results) + len(draft.weights)), draft.span)
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
        entered: the block of the library that led from the user's files into it, and the frame of its body.
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
    entered: tuple[tree.Block, Frame] | None = None

    def fail(self, diagnostic: Diagnostic, calls: tuple[Span, ...] = ()) -> None:
        """Report a diagnostic, with the way that led here: told of the user's own file, even where it shows elsewhere.

        Args:
            diagnostic: what is wrong.
            calls: the block calls that led to its place, innermost first, where they are not those of this frame.
        """
        if self.calls and not diagnostic.trace:
            diagnostic = dataclasses.replace(diagnostic, trace=self.calls)
        if diagnostic.span is not None and diagnostic.span.source.in_library:
            from .library_calls import at_call

            diagnostic = at_call(diagnostic, self, calls)
        report = self.state.report
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
        if deeper > self.state.limits.nesting:
            self.state.stop("nesting", scope.entry.span if scope is not None and scope.entry is not None else None)
        return dataclasses.replace(self, outer=self, scope=scope or self.scope, depth=deeper, bindings={})

    @property
    def call_spans(self) -> tuple[Span, ...]:
        """The places of the enclosing block calls, innermost first."""
        return tuple(label.span for label in self.calls)


def with_initializer(spec: WeightSpec, initializer: Initializer) -> WeightSpec:
    """The same weight with first values from elsewhere."""
    return dataclasses.replace(spec, initializer=initializer)
