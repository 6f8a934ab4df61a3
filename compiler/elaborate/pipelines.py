"""Pipelines: stages, groups, loops and reuse."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from ..diagnostics import DotnnError
from ..diagnostics.names import CannotReuse, Obstacle, UnknownPath
from ..diagnostics.suggest import near_names
from ..diagnostics.values import LoopOverOther, RepeatedByOther, RoundNotTakenApart
from ..syntax import tree
from ..values.compile_values import UNKNOWN, KnownValue, Results, Unknown, describe, first, is_int, show
from .calls import apply_call, reapply_block
from .layer_arguments import Piped
from .layer_nodes import reapply_layer
from .scope import Applied, Entry, GivenName
from .state import (
    AppliedBlock,
    AppliedGroup,
    AppliedLayer,
    AppliedLoop,
    AppliedRound,
    Bound,
    Frame,
    evaluate,
    evaluates,
    label_text,
    single,
)


@evaluates(tree.Pipeline)
def _pipeline(pipeline: tree.Pipeline, frame: Frame) -> Results:
    return _run(pipeline.stages, Piped(evaluate(pipeline.head, frame), pipeline.head.span), frame)


def _run(stages: Sequence[tree.Stage], piped: Piped, frame: Frame) -> Results:
    """Pipe a value through stages; the result keeps all results of the last one."""
    value = _stage(stages[0], piped, frame)
    for before, stage in pairwise(stages):
        piped = Piped(single(value, before.span, frame), before.span)
        value = _stage(stage, piped, frame)
    return value


def _stage(stage: tree.Stage, piped: Piped, frame: Frame) -> Results:
    frame.budget.step(1, stage.span)
    try:
        written = stage.label
        label = None if written is None else GivenName(label_text(written, frame), written.span)
    except DotnnError as error:
        frame.fail_all(error)
        frame.scope.obscured = True
        label = None
    is_new = label is not None and label.text not in frame.scope.labels
    since = len(frame.state.drafts)
    try:
        operation = _OPERATIONS[type(stage.operation)]
        value = frame.budget.inside(stage.span, operation, stage, stage.operation, piped, label, frame)
    except DotnnError as error:
        frame.fail_all(error)
        value = UNKNOWN
    if label is not None and is_new and isinstance(first(value), Unknown):
        frame.scope.give_up(label.text, stage.span)
    frame.state.document(value, since, frame.module.doc(stage))
    return value


def _apply(stage: tree.Stage, call: tree.Call, piped: Piped, label: GivenName | None, frame: Frame) -> Results:
    return apply_call(call, piped, label, frame)


def _group(stage: tree.Stage, group: tree.Group, piped: Piped, label: GivenName | None, frame: Frame) -> Results:
    if label is None:
        return _run(group.stages, piped, frame.inside())
    entry = frame.scope.add("group", label, stage.span)
    applied = AppliedGroup(group, frame)
    result = _apply_group(applied, piped, entry, frame)
    entry.applied = applied
    return result


def _apply_group(applied: AppliedGroup, piped: Piped, entry: Entry, frame: Frame) -> Results:
    scope = entry.scope.open(entry, boundary=False)
    inner = dataclasses.replace(applied.frame, calls=frame.calls).inside(scope)
    try:
        if isinstance(applied, AppliedRound):
            _bind_variables(applied.loop, applied.value, inner)
        return _run(applied.group.stages, piped, inner)
    finally:
        scope.close()


def _repeat(stage: tree.Stage, loop: tree.Repeat, piped: Piped, label: GivenName | None, frame: Frame) -> Results:
    count = evaluate(loop.count, frame)
    if isinstance(count, Unknown):
        return UNKNOWN
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        found = show(count) if isinstance(count, int) else describe(count)
        raise DotnnError(RepeatedByOther(span=loop.count.span, found=found))
    return _loop(AppliedLoop(stage, loop, range(count), frame), piped, label)


def _for(stage: tree.Stage, loop: tree.For, piped: Piped, label: GivenName | None, frame: Frame) -> Results:
    values = evaluate(loop.iterable, frame)
    if isinstance(values, Unknown):
        return UNKNOWN
    if not isinstance(values, tuple):
        fault = LoopOverOther(span=loop.iterable.span, found=describe(values), is_count=is_int(values))
        raise DotnnError(fault)
    return _loop(AppliedLoop(stage, loop, values, frame), piped, label)


def _bind_variables(loop: tree.Repeat | tree.For, value: KnownValue, frame: Frame) -> None:
    """Bind the variables of a round."""
    if isinstance(loop, tree.Repeat):
        return
    targets = loop.targets
    values = (value,) if len(targets) == 1 else value
    if not isinstance(values, tuple) or len(values) != len(targets):
        length = len(values) if isinstance(values, tuple) else None
        span, found = loop.iterable.span, describe(value)
        raise DotnnError(RoundNotTakenApart(span=span, found=found, count=len(targets), length=length))
    for name, one in zip(targets, values, strict=True):
        if name.name != "_":
            frame.bindings[name.name] = Bound(one, name.span)


def _loop(applied: AppliedLoop, piped: Piped, label: GivenName | None) -> Results:
    frame, span = applied.frame, applied.stage.span
    if label is not None:
        entry = frame.scope.add("loop", label, span)
        result = _apply_loop(applied, piped, entry, frame)
        entry.applied = applied
        return result
    value: Results = piped.value
    for one in applied.values:
        frame.budget.step(1, span)
        piped = Piped(single(value, span, frame), piped.span)
        inner = frame.inside()
        _bind_variables(applied.loop, one, inner)
        value = _run(applied.loop.body.stages, piped, inner)
    return value


def _apply_loop(applied: AppliedLoop, piped: Piped, entry: Entry, frame: Frame) -> Results:
    span = applied.stage.span
    scope = entry.scope.open(entry, boundary=False)
    outer = dataclasses.replace(applied.frame, calls=frame.calls)
    value: Results = piped.value
    try:
        for number, one in enumerate(applied.values):
            frame.budget.step(1, span)
            inner = scope.add("round", GivenName(str(number), entry.span), entry.span)
            turn = AppliedRound(applied.loop.body, outer, applied.loop, one)
            value = _apply_group(turn, Piped(single(value, span, frame), piped.span), inner, outer)
            inner.applied = UNKNOWN if isinstance(first(value), Unknown) else turn
    finally:
        scope.close()
    return value


def _reuse(stage: tree.Stage, reuse: tree.Reuse, piped: Piped, label: GivenName | None, frame: Frame) -> Results:
    path = label_text(reuse.path, frame)
    original = frame.scope.find(path, frame.budget.step)
    if original is None and frame.scope.is_obscured():
        return UNKNOWN
    if original is None:
        near = near_names(path, frame.scope.visible_labels())
        raise DotnnError(UnknownPath(span=reuse.path.span, path=path, near=near))
    applied = original.applied
    if isinstance(applied, Obstacle):
        raise DotnnError(CannotReuse(span=reuse.path.span, path=path, obstacle=applied))
    entry = frame.scope.add(original.kind, label, stage.span)
    entry.owner = original.owner
    entry.applied = applied
    return UNKNOWN if isinstance(applied, Unknown) else reapply(applied, piped, entry, frame)


def reapply(applied: Applied, piped: Piped, entry: Entry, frame: Frame) -> Results:
    """Apply again what has a name, to another value and under another name; raises ``DotnnError``."""
    if isinstance(piped.value, Unknown):
        return UNKNOWN
    match applied:
        case AppliedLayer():
            return reapply_layer(applied, piped.value, piped.span, entry, frame)
        case AppliedBlock():
            return reapply_block(applied, piped, entry, frame)
        case AppliedGroup():
            return _apply_group(applied, piped, entry, frame)
        case AppliedLoop():
            return _apply_loop(applied, piped, entry, frame)
    raise TypeError(f"nothing applies {applied!r} again")


_OPERATIONS: dict[type, Callable[[Any, Any, Piped, GivenName | None, Frame], Results]] = {
    tree.Call: _apply,
    tree.Group: _group,
    tree.Repeat: _repeat,
    tree.For: _for,
    tree.Reuse: _reuse,
    tree.Unreadable: lambda *_: UNKNOWN,
}
