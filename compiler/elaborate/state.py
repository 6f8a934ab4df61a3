"""What an elaboration carries along, where it stands, and the one function that evaluates expressions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias, TypeVar

from ..diagnostics import Diagnostic, DotnnError, Label
from ..diagnostics.names import BadLabel
from ..diagnostics.values import PartsNotTaken, ResultNeverPositive
from ..dims import Dim, DimExpr
from ..graph.graph import Value, WrittenCall
from ..graph.operations import Constant, Operation
from ..graph.types import DType, TensorType
from ..layers.base import Layer, WeightSpec
from ..names.project import Module
from ..records import positional_record
from ..reprs import short_repr
from ..source import Span
from ..syntax import tree
from ..values.budget import Budget, Stop
from ..values.compile_values import (
    UNKNOWN,
    CompileValue,
    KnownValue,
    Results,
    Several,
    TensorConstant,
    TensorRef,
    Unknown,
    first,
    is_int,
    show,
)
from ..values.dimension_demands import Demands
from .scope import Applied, Entry, Scope

#: Values of consts by file and name; None while one is being evaluated.
Consts: TypeAlias = dict[tuple[int, str], CompileValue | None]

#: What is measured of a value that stands at a place; raises ``DotnnError``.
Measure: TypeAlias = Callable[[KnownValue, Span], Dim]

#: What an expectation measures, by name: of the network, or of a value.
Metrics: TypeAlias = Mapping[str, int | Measure]

#: Steps for what takes longer than evaluating an expression: a node, a result or weight of it, a body of statements.
NODE_STEPS, TENSOR_STEPS, BODY_STEPS, MODEL_STEPS = 15, 3, 5, 30


@dataclass(slots=True, eq=False, repr=False)
class Draft:
    """A node that has everything but its name, which is known only when all scopes have closed.

    Attributes:
        op: None for a parameter, which is its weight and nothing else.
        entry: the entry that names it, or None for a constant, which is named ``name``.
        weights: what it owns or shares, with the initializer that the source asked for.
    """

    op: Operation | None
    operands: tuple[Value | None, ...]
    results: tuple[TensorType, ...]
    entry: Entry | None
    name: str
    call: WrittenCall
    calls: tuple[Span, ...]
    weights: tuple[WeightSpec, ...] = ()
    doc: str = ""


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
            self.budget.stop("nodes", draft.call.span)
        self.budget.step(NODE_STEPS + TENSOR_STEPS * (len(draft.results) + len(draft.weights)), draft.call.span)
        fault = partial(ResultNeverPositive, kind="parameter" if draft.op is None else draft.op.kind)
        for result in draft.results:
            for dim in self.demands.unheld(result.shape):
                self.demands.need_size(dim, _origin(dim, draft), fault)
        self.drafts.append(draft)
        return tuple(TensorRef(Value(node, index), kind) for index, kind in enumerate(draft.results))

    def document(self, value: Results, since: int, doc: str) -> None:
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
        (made,) = self.draft(Draft(op, (), (constant.type,), None, constant.name, WrittenCall(span), ()))
        self._constants[constant] = made
        return made


def _origin(dim: Dim, draft: Draft) -> Span:
    """Where a dimension of a result is written: the attribute that holds it, or the call."""
    for name, argument in draft.call.arguments.items():
        value = getattr(draft.op, name, None)
        if isinstance(value, tuple) and dim in value:
            return argument.value
    return draft.call.span


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
    metrics: Metrics | None = None
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
            diagnostic = _at_call(diagnostic, self, calls)
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


def _at_call(diagnostic: Diagnostic, frame: Frame, calls: tuple[Span, ...]) -> Diagnostic:
    """A diagnostic whose place lies in the library, told of the call that led there.

    Args:
        diagnostic: what is wrong.
        frame: of the block where it was found, or of a model whose blocks have been run.
        calls: the calls that led to the place, in the latter case.
    """
    # Most files have no mistake in their calls of the library.
    from ..diagnostics.library_mistakes import called, told_at_call

    if calls:
        return told_at_call(dataclasses.replace(diagnostic, trace=called(calls)))
    return told_at_call(diagnostic, frame.block, *_entered(frame))


def _entered(frame: Frame) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The block that was called from outside of the library, and what it was given; an empty name for none."""
    if frame.entered is None:
        return "", ()
    block, inner = frame.entered
    found = [(formal.name.name, inner.bindings.get(formal.name.name)) for formal in block.formals]
    given = tuple(
        (name, show(bound.value)) for name, bound in found if bound is not None and not isinstance(bound.value, Unknown)
    )
    return block.name.name, given


# --- what `reuse` applies again ---------------------------------------------------------------------------------------


@positional_record
class AppliedLayer(Applied):
    """A layer and everything that applying it to tensors needs.

    Attributes:
        operands: one per operand of the layer, None where an optional one is absent.
        literals: weights written as numbers, by local name.
    """

    layer: Layer
    operands: tuple[TensorRef | None, ...]
    call: WrittenCall
    literals: Mapping[str, tuple[KnownValue, ...] | TensorConstant] = field(default_factory=dict)


@positional_record
class AppliedBlock(Applied):
    """A block, the file that it is in, and what it was given, with its places, by the names of its arguments."""

    block: tree.Block
    module: Module
    given: Mapping[str, tuple[CompileValue, Span]]


@positional_record
class AppliedGroup(Applied):
    """A group of stages and the frame around it, in which its names mean what they mean."""

    group: tree.Group
    frame: Frame


@positional_record
class AppliedRound(AppliedGroup):
    """A round of a loop: a group, and the value that the variables of the loop hold."""

    loop: tree.Repeat | tree.For
    value: KnownValue


@positional_record
class AppliedLoop(Applied):
    """A loop, the value of each of its rounds (their numbers, for ``repeat``), and the frame around it."""

    stage: tree.Stage
    loop: tree.Repeat | tree.For
    values: Sequence[KnownValue]
    frame: Frame


# --- evaluation -------------------------------------------------------------------------------------------------------


_EVALUATORS: dict[type, Callable[[Any, Frame], Results]] = {}
_Kind = TypeVar("_Kind", bound=tree.Expression)


def evaluates(*kinds: type[_Kind]) -> Callable[[Callable[[_Kind, Frame], Results]], Callable[[_Kind, Frame], Results]]:
    """Register what evaluates some kinds of expressions."""

    def register(function: Callable[[_Kind, Frame], Results]) -> Callable[[_Kind, Frame], Results]:
        for kind in kinds:
            _EVALUATORS[kind] = function
        return function

    return register


def evaluate_all(expression: tree.Expression, frame: Frame) -> Results:
    """The value of an expression, with all its results if it has several."""
    budget = frame.budget
    budget.step(1, expression.span)
    try:
        return budget.inside(expression.span, _EVALUATORS[type(expression)], expression, frame)
    except DotnnError as error:
        frame.fail_all(error)
        return UNKNOWN


def evaluate(expression: tree.Expression, frame: Frame) -> CompileValue:
    """The value of an expression; of several results the first."""
    return single(evaluate_all(expression, frame), expression.span, frame)


def single(value: Results, span: Span, frame: Frame) -> CompileValue:
    """One value: the first of several, unless all must be taken, which is reported."""
    if isinstance(value, Several) and value.take_all and len(value.values) > 1:
        frame.fail(PartsNotTaken(span=span, source=value.source, count=len(value.values), names=1))
        return UNKNOWN
    return first(value)


def label_text(label: tree.Label, frame: Frame) -> str:
    """A label with its computed parts filled in; raises ``DotnnError``."""
    text = ".".join("".join(_piece(piece, frame) for piece in component) for component in label.components)
    if len(text) > frame.budget.limits.name_length:
        frame.budget.stop("name_length", label.span)
    return text


def _piece(piece: str | tree.Expression, frame: Frame) -> str:
    if isinstance(piece, str):
        return piece
    value = evaluate(piece, frame)
    if isinstance(value, Unknown):
        raise DotnnError()
    if is_int(value) and 0 <= value < 2**62:
        return str(value)
    if isinstance(value, str) and value.isascii() and value.replace("_", "a").isalnum() and len(value) <= 200:
        return str(value)
    raise DotnnError(BadLabel(span=piece.span, found=show(value)))
