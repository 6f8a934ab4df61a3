"""Folding of batch normalization into the convolution or dense layer before it."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

from ..graph.graph import Graph, Node, Value
from ..graph.operations import Parameter
from ..operators.convolution import ConvTranspose
from ..operators.elementwise import Add, Div, Mul, Sqrt, Sub
from ..operators.graph_builder import Assembly, Builder, Tensor, layer_name
from ..operators.layout import Reshape, Unsqueeze
from ..operators.matrix_products import MatMul
from ..operators.normalization import BatchNormalization
from ..operators.shape_rules import numbers
from .contract import PassContext, Property, graph_pass
from .fusing_conditions import Absorption
from .weighted_operators import Weighted, find_weighted

RULE = "fold_batch_norm"
_SUFFIX = ":folded"


@graph_pass(
    requires=[Property.IDENTITIES_REMOVED, Property.COMMON_MERGED, Property.DEAD_REMOVED],
    ensures=[Property.BATCH_NORM_FOLDED],
)
def fold_batch_norm(graph: Graph, context: PassContext) -> bool:
    """Give a convolution or dense layer weights that include the batch normalization behind it.

    The layer keeps the name of the normalization, whose result it gives, and gets a bias if it has none. Refused,
    with the reason in the report, where another layer reads the result in between, where that is an output, where
    ``reuse`` shares weights, and where nothing before the normalization can take it.
    """
    norms = [node.id for node in graph.nodes() if isinstance(node.op, BatchNormalization)]
    if not norms:
        return False
    absorption, assembly = Absorption(graph, context), Assembly(graph)
    changed = False
    for norm in map(graph.node, norms):
        before = graph.producer(_operands(norm)[0])
        found = find_weighted(graph, before, context)
        if found is None:
            reason = f"it reads `{layer_name(before)}`, which is no convolution or dense layer"
            context.report.add_refused(RULE, [norm], reason)
            continue
        reason = _refusal(found, norm, absorption)
        if reason is not None:
            context.report.add_refused(RULE, [before, norm], reason)
            continue
        context.report.add_fused(RULE, [before, norm], found.layer.kind)
        _fold(assembly, found, norm)
        changed = True
    return changed


def _operands(norm: Node) -> tuple[Value, ...]:
    """X, scale, B, mean and variance."""
    return tuple(value for value in norm.operands if value is not None)


def _refusal(found: Weighted, norm: Node, absorption: Absorption) -> str | None:
    name = layer_name(found.result)
    if found.axis != 1:
        return f"`{name}` works along axis {found.axis}, and axis 1 is normalized"
    if found.is_folded:
        # Weights computed of computed weights would nest without a bound.
        return f"`{name}` has a batch normalization in its weights already"
    absorbed = pairwise((*found.nodes, norm))
    reasons = (absorption.refusal(node, reader) for node, reader in reversed(list(absorbed)))
    reason = next((reason for reason in reasons if reason is not None), None)
    return reason or absorption.sharing((*found.weights, *_operands(norm)[1:]))


def _fold(assembly: Assembly, found: Weighted, norm: Node) -> None:
    """Let the layer read weights that include the normalization, whose place its last operator takes."""
    graph = assembly.graph
    origins = tuple(dict.fromkeys((*found.result.origins, *norm.origins)))
    # Right before the normalization, which reads what is built here.
    b = Builder(assembly, norm.name, {}, origins, order=norm.order - 1)
    folded = _Folded(assembly, b, norm)
    weight, bias = folded.weight(found), folded.bias(found.bias)
    _read(assembly, b, found, weight, bias)
    for node in found.nodes:
        graph.relabel(node.id, origins=origins)
    last = graph.node(found.result.id)
    graph.replace(norm, last.op, absorbed=(last,), operands=last.operands)


def _read(assembly: Assembly, b: Builder, found: Weighted, weight: Tensor, bias: Tensor) -> None:
    """Let a layer read another weight and bias."""
    graph, product = assembly.graph, found.product
    if not isinstance(product.op, MatMul):
        graph.update(product.id, operands=(product.operands[0], weight.value, bias.value))
        return
    graph.update(product.id, operands=(product.operands[0], weight.value))
    behind = found.nodes[1]
    if isinstance(behind.op, Add):
        graph.update(behind.id, operands=(product.value(), bias.value))
        return
    total = b.op(Add(), assembly.tensor(product.value()), bias)
    graph.update(behind.id, operands=(total.value, *behind.operands[1:]))


class _Folded:
    """A weight and a bias that include a normalization; they are computed in float64 while a file is written."""

    def __init__(self, assembly: Assembly, b: Builder, norm: Node) -> None:
        self._assembly = assembly
        self._b = b
        self._scale, self._shift, self._mean, variance = map(self._stored, _operands(norm)[1:])
        if isinstance(norm.op, BatchNormalization) and norm.op.epsilon:
            variance = b.op(Add(), variance, b.constant(norm.op.epsilon, variance.dtype, exact=True))
        self._factor = b.op(Div(), self._scale, b.op(Sqrt(), variance))

    def weight(self, found: Weighted) -> Tensor:
        """``W * scale / sqrt(var + eps)``, one factor for all that gives one output."""
        weight, factor = self._stored(found.weight), self._factor
        if isinstance(found.product.op, ConvTranspose):
            return self._of_transposed(weight, found.product.op.group)
        if not isinstance(found.product.op, MatMul):
            # The outputs are the first axis, and the last one of the weight of a MatMul.
            factor = self._b.op(Unsqueeze(), factor, self._b.ints(*range(1, weight.rank)))
        return self._b.op(Mul(), weight, factor, name=self._name(weight))

    def _of_transposed(self, weight: Tensor, groups: int) -> Tensor:
        """The weight ``[C, M / group, *kernel]`` times factors for the outputs, which each group has along axis 1."""
        b, shape = self._b, numbers(weight.shape, "a weight")
        channels, outputs, *kernel = shape
        parts = b.reshape(weight, (groups, channels // groups, outputs, *kernel))
        factors = b.reshape(self._factor, (groups, 1, outputs, *(1 for _ in kernel)))
        return b.op(Reshape(), b.op(Mul(), parts, factors), b.ints(*shape), name=self._name(weight))

    def bias(self, bias: Value | None) -> Tensor:
        """``(b - mean) * scale / sqrt(var + eps) + shift``."""
        if bias is None:
            named = self._shift if self._is_weight(self._shift) else self._mean
            product = self._b.op(Mul(), self._mean, self._factor)
            return self._b.op(Sub(), self._shift, product, name=self._name(named))
        old = self._stored(bias)
        product = self._b.op(Mul(), self._b.op(Sub(), old, self._mean), self._factor)
        return self._b.op(Add(), product, self._shift, name=self._name(old))

    def _stored(self, value: Value) -> Tensor:
        return dataclasses.replace(self._assembly.tensor(value), stored=True)

    def _is_weight(self, tensor: Tensor) -> bool:
        return isinstance(self._assembly.graph.producer(tensor.value).op, Parameter)

    def _name(self, tensor: Tensor) -> str:
        """``fc.weight:folded``, and ``fc.weight:folded:transposed`` of what is transposed already."""
        value = tensor.value
        name = self._assembly.graph.producer(value).value_names[value.index]
        weight, colon, made = name.partition(":")
        return f"{weight}{_SUFFIX}{colon}{made}"
