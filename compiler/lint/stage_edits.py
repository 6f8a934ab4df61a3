"""Edits of the stages in which layers are written: left out, or exchanged with each other."""

from __future__ import annotations

from ..diagnostics import Edit
from ..diagnostics.fixes import code_end
from ..diagnostics.removals import without_lines
from ..graph.graph import Node
from ..source import Span

_ARROW = "->"


def stage_of(node: Node) -> Span | None:
    """The stage of a pipeline that is the call of a layer, with its label; None if it is written in another way."""
    call = node.origins[-1].call if node.origins else None
    if call is None or call.function is None or call.function.start != call.span.start:
        return None
    stage = call.span if call.label is None else call.label.to(call.span)
    return stage if _arrow_before(stage) is not None else None


def without_stage(node: Node) -> tuple[Edit, ...]:
    """The edit that leaves the stage of a layer out, with the arrow before it; none if it is no stage."""
    stage = stage_of(node)
    arrow = None if stage is None else _arrow_before(stage)
    if stage is None or arrow is None:
        return ()
    text = stage.source.text
    before = text[text.rfind("\n", 0, arrow) + 1 : arrow]
    if before.strip():
        start = arrow - len(before) + len(before.rstrip())
        return (Edit(stage.source.span(start, stage.end), ""),)
    return (without_lines(stage.source.span(arrow, stage.end)),)


def exchanged(node: Node, behind: Node) -> tuple[Edit, ...]:
    """The edits that exchange two stages; none if the second does not follow the first one."""
    one, other = stage_of(node), stage_of(behind)
    if one is None or other is None or one.source is not other.source:
        return ()
    arrow = _arrow_before(other)
    if arrow is None or code_end(one.source, arrow) != one.end:
        return ()
    return Edit(one, other.text), Edit(other, one.text)


def _arrow_before(stage: Span) -> int | None:
    """Where the arrow before a stage begins; None if there is none."""
    end = code_end(stage.source, stage.start)
    return end - len(_ARROW) if stage.source.text.endswith(_ARROW, 0, end) else None
