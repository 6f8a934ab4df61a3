"""What was fused or folded, and why the rest was not: for ``dotnn build --explain-fusion``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ...graph.graph import Node
from ...reprs import short_repr


@dataclass(frozen=True, slots=True)
class Fused:
    """Layers that became one.

    Attributes:
        rule: the rule that did it.
        nodes: the layers' paths in the source, in the order of the data flow.
        into: what they became: ``fused_conv``.
    """

    rule: str
    nodes: tuple[str, ...]
    into: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Layers that a rule found and left alone.

    Attributes:
        rule: the rule that refused.
        nodes: the layers' paths in the source, in the order of the data flow.
        reason: why, as a clause.
    """

    rule: str
    nodes: tuple[str, ...]
    reason: str


@dataclass(slots=True)
class FusionReport:
    """What the rules did, in the order in which they did it."""

    fused: list[Fused] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def __str__(self) -> str:
        """The report as ``--explain-fusion`` prints it."""
        return format_report(self).rstrip()

    def __repr__(self) -> str:
        return short_repr(self, f"{len(self.fused):,} fused", f"{len(self.refused):,} not fused")

    def add_fused(self, rule: str, nodes: Iterable[Node], into: str) -> None:
        """Note that nodes became one of that kind."""
        self.fused.append(Fused(rule, source_paths(nodes), into))

    def add_refused(self, rule: str, nodes: Iterable[Node], reason: str) -> None:
        """Note why nodes were left alone."""
        self.refused.append(Refused(rule, source_paths(nodes), reason))


def source_paths(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The paths that nodes have in the source, each once; a node without origins goes by its name."""
    paths = (path for node in nodes for path in [origin.path for origin in node.origins] or [node.name])
    return tuple(dict.fromkeys(paths))


def format_report(report: FusionReport) -> str:
    """The report as text: a line for everything fused, then everything refused with its reason."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: FusionReport) -> Iterator[str]:
    if not report.fused and not report.refused:
        yield "nothing to fuse: no batch_norm, and no activation behind a convolution or a dense layer"
        return
    yield f"fused: {len(report.fused)}"
    for one in report.fused:
        yield f"  {' + '.join(one.nodes)} -> {one.into}  ({one.rule})"
    yield f"not fused: {len(report.refused)}"
    for one in report.refused:
        yield f"  {' + '.join(one.nodes)}: {one.reason}  ({one.rule})"
