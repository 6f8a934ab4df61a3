"""Pipelines: stages, groups, loops and reuse."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

from ..diagnostics import DotnnError
from ..diagnostics.names import CannotReuse, UnknownPath
from ..diagnostics.suggest import near_names
from ..diagnostics.values import Unrepeatable
from ..syntax import tree
from ..values.kinds import UNKNOWN, CompileValue, Unknown, describe, first, show
from .calls import apply_call
from .layer_arguments import Piped
from .scope import Entry, unknown_replay
from .state import Bound, Frame, evaluate, evaluates, label_text, single

#: One round of a loop: the frame that holds its variables, made from the frame of the round.
Round = Callable[[Frame], Frame]


@evaluates(tree.Pipeline)
def _pipeline(pipeline: tree.Pipeline, frame: Frame) -> CompileValue:
    return _run(pipeline.stages, Piped(evaluate(pipeline.head, frame), pipeline.head.span), frame)


def _run(stages: Sequence[tree.Stage], piped: Piped, frame: Frame) -> CompileValue:
    """Pipe a value through stages; the result keeps all results of the last one."""
    value = _stage(stages[0], piped, frame)
    for before, stage in pairwise(stages):
        piped = Piped(single(value, before.span, frame), before.span)
        value = _stage(stage, piped, frame)
    return value


def _stage(stage: tree.Stage, piped: Piped, frame: Frame) -> CompileValue:
    frame.budget.step(1, stage.span)
    try:
        label = None if stage.label is None else label_text(stage.label, frame)
    except DotnnError as error:
        frame.fail_all(error)
        frame.scope.obscured = True
        label = None
    is_new = label is not None and label not in frame.scope.labels
    since = len(frame.state.drafts)
    try:
        value = _OPERATIONS[type(stage.operation)](stage, stage.operation, piped, label, frame)
    except DotnnError as error:
        frame.fail_all(error)
        value = UNKNOWN
    if label is not None and is_new and isinstance(first(value), Unknown):
        frame.scope.give_up(label, stage.span)
    frame.state.document(value, since, frame.module.doc(stage))
    return value


def _apply(stage: tree.Stage, call: tree.Call, piped: Piped, label: str | None, frame: Frame) -> CompileValue:
    return apply_call(call, piped, label, frame)


def _group(stage: tree.Stage, group: tree.Group, piped: Piped, label: str | None, frame: Frame) -> CompileValue:
    if label is None:
        return _run(group.stages, piped, frame.inside())

    def run(piped: Piped, entry: Entry, at: Frame) -> CompileValue:
        scope = entry.scope.open(entry, boundary=False)
        inner = dataclasses.replace(frame, calls=at.calls).inside(scope)
        try:
            return _run(group.stages, piped, inner)
        finally:
            scope.close()

    entry = frame.scope.add("group", label, stage.span)
    result = run(piped, entry, frame)
    entry.replay = run
    return result


def _repeat(stage: tree.Stage, repeat: tree.Repeat, piped: Piped, label: str | None, frame: Frame) -> CompileValue:
    count = evaluate(repeat.count, frame)
    if isinstance(count, Unknown):
        return UNKNOWN
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        found = show(count) if isinstance(count, int) else describe(count)
        what = "`repeat` counts by an int of at least 0"
        raise DotnnError(
            Unrepeatable(span=repeat.count.span, what=what, found=found, hint="write how often, as in `repeat(3)`")
        )
    return _loop(stage, repeat.body, (_same for _ in range(count)), piped, label, frame)


def _same(frame: Frame) -> Frame:
    return frame


def _for(stage: tree.Stage, loop: tree.For, piped: Piped, label: str | None, frame: Frame) -> CompileValue:
    values = evaluate(loop.iterable, frame)
    if isinstance(values, Unknown):
        return UNKNOWN
    if not isinstance(values, tuple):
        raise DotnnError(
            Unrepeatable(
                span=loop.iterable.span,
                what="`for` runs over a list",
                found=describe(values),
                hint="write a list, as in `for c in [64, 128] { … }`, or `range(n)`",
                is_count=isinstance(values, int) and not isinstance(values, bool),
            )
        )
    rounds = (_with_targets(loop, value) for value in values)
    return _loop(stage, loop.body, rounds, piped, label, frame)


def _with_targets(loop: tree.For, value: CompileValue) -> Round:
    targets = loop.targets

    def enter(frame: Frame) -> Frame:
        if len(targets) == 1:
            return _bind(frame, zip(targets, (value,), strict=True))
        if not isinstance(value, tuple) or len(value) != len(targets):
            found = f"a list of {len(value)}" if isinstance(value, tuple) else describe(value)
            what = f"each element must be a list of {len(targets)} to be taken apart"
            hint = "write rows as long as there are names, as in `for t, c in [[1, 16], [6, 24]] { … }`"
            raise DotnnError(Unrepeatable(span=loop.iterable.span, what=what, found=found, hint=hint))
        return _bind(frame, zip(targets, value, strict=True))

    return enter


def _bind(frame: Frame, pairs: Iterable[tuple[tree.Name, CompileValue]]) -> Frame:
    for name, value in pairs:
        if name.name != "_":
            frame.bindings[name.name] = Bound(value, name.span)
    return frame


def _loop(
    stage: tree.Stage,
    body: tree.Group,
    rounds: Iterable[Round],
    piped: Piped,
    label: str | None,
    frame: Frame,
) -> CompileValue:
    if label is None:
        value: CompileValue = piped.value
        for enter in rounds:
            frame.budget.step(1, stage.span)
            value = _run(body.stages, Piped(single(value, stage.span, frame), piped.span), enter(frame.inside()))
        return value

    listed = list(_bounded(rounds, stage, frame))

    def run(piped: Piped, entry: Entry, at: Frame) -> CompileValue:
        scope = entry.scope.open(entry, boundary=False)
        outer = dataclasses.replace(frame, calls=at.calls)
        value: CompileValue = piped.value
        try:
            for number, enter in enumerate(listed):
                frame.budget.step(1, stage.span)
                one = scope.add("round", str(number), entry.span)
                value = _run_round(body, Piped(single(value, stage.span, frame), piped.span), enter, one, outer)
        finally:
            scope.close()
        return value

    entry = frame.scope.add("loop", label, stage.span)
    result = run(piped, entry, frame)
    entry.replay = run
    return result


def _bounded(rounds: Iterable[Round], stage: tree.Stage, frame: Frame) -> Iterable[Round]:
    for enter in rounds:
        frame.budget.step(1, stage.span)
        yield enter


def _run_round(body: tree.Group, piped: Piped, enter: Round, entry: Entry, frame: Frame) -> CompileValue:
    def run(piped: Piped, entry: Entry, at: Frame) -> CompileValue:
        scope = entry.scope.open(entry, boundary=False)
        inner = dataclasses.replace(frame, calls=at.calls).inside(scope)
        try:
            return _run(body.stages, piped, enter(inner))
        finally:
            scope.close()

    result = run(piped, entry, frame)
    entry.replay = unknown_replay if isinstance(first(result), Unknown) else run
    return result


def _reuse(stage: tree.Stage, reuse: tree.Reuse, piped: Piped, label: str | None, frame: Frame) -> CompileValue:
    path = label_text(reuse.path, frame)
    original = frame.scope.find(path, frame.budget.step)
    if original is None and frame.scope.is_obscured():
        return UNKNOWN
    if original is None:
        near = near_names(path, frame.scope.visible_labels())
        raise DotnnError(UnknownPath(span=reuse.path.span, path=path, near=near))
    if original.replay is None:
        raise DotnnError(CannotReuse(span=reuse.path.span, path=path, reason=original.obstacle))
    entry = frame.scope.add(original.kind, label, stage.span)
    entry.owner = original.owner
    entry.replay = original.replay
    if isinstance(piped.value, Unknown):
        return UNKNOWN
    return original.replay(piped, entry, frame)


_OPERATIONS: dict[type, Callable[[Any, Any, Piped, str | None, Frame], CompileValue]] = {
    tree.Call: _apply,
    tree.Group: _group,
    tree.Repeat: _repeat,
    tree.For: _for,
    tree.Reuse: _reuse,
}
