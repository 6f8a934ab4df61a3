"""Fusion of neighbouring operators that the target has one operator for."""

from __future__ import annotations

from ...graph.graph import Graph, Node
from ..contract import PassContext, Property, graph_pass
from ..fusing_conditions import Absorption
from .conv_activation import conv_activation
from .conv_add_activation import conv_add_activation
from .dense_activation import dense_activation
from .rule import FusionContext, FusionRule, Match

#: The first rule with a match that its guard lets pass is applied.
RULES: tuple[FusionRule, ...] = (conv_add_activation, conv_activation, dense_activation)


@graph_pass(
    requires=[Property.IDENTITIES_REMOVED, Property.BATCH_NORM_FOLDED, Property.DEAD_REMOVED],
    ensures=[Property.FUSED],
)
def fuse(graph: Graph, context: PassContext) -> bool:
    """Apply the fusion rules at every node, once; the report takes what was fused and why the rest was not."""
    fusion = FusionContext(graph, Absorption(graph, context), context)
    changed = False
    for node in graph.nodes():
        changed |= _fuse_at(graph.node(node.id), fusion)
    return changed


def _fuse_at(last: Node, fusion: FusionContext) -> bool:
    """Fuse what ends with this node; no match ends with a node that was absorbed, since those are read once."""
    refused: list[tuple[FusionRule, Match, str]] = []
    for rule in RULES:
        for match in rule.find(fusion, last):
            reason = rule.guard(match, fusion)
            if reason is None:
                _apply(rule, match, fusion)
                return True
            refused.append((rule, match, reason))
    for rule, match, reason in refused:
        fusion.passing.report.add_refused(rule.name, match.nodes, reason)
    return False


def _apply(rule: FusionRule, match: Match, fusion: FusionContext) -> None:
    found = rule.replacement(match)
    fusion.graph.replace(match.last, found.op, absorbed=match.nodes[:-1], operands=found.operands)
    fusion.passing.report.add_fused(rule.name, match.nodes, rule.into)
