"""Attention: ``attention`` of queries, keys and values, and ``multi_head_attention``, which computes them itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar, final

from .. import initializers
from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.attention import (
    AttentionMismatch,
    AttentionUndecided,
    HeadsNotEven,
    MaskMismatch,
    MaskUndecided,
    ValueWithoutKey,
)
from ..diagnostics.operands import BroadcastUndecided, CannotBroadcast
from ..diagnostics.shapes import MaskOfMoreAxes, MaskOfOtherRank, NoSequence, WrongElementType
from ..dims import Dim, decide_equal, format_dim
from ..dims.formatting import format_forms
from ..dims.linear import equalizing_forms
from ..graph.broadcasting import broadcasts
from ..graph.tensors import Fan
from ..graph.types import DType, TensorType, format_shape
from ..lazy_imports import np
from ..records import record
from ..written import value_text
from .attention_lowering import Masking, attended
from .attributes import HIGHEST_RANK, Flag, Integer, Real, attribute
from .base import Difference, KerasTensor, Layer, Operand, Read, Sample, Site, WeightSpec
from .cost import Cost, product
from .dense import linear
from .reach import WHOLE, Along, Reach, aligned
from .recurrent import check_sequence
from .shape_rules import known, last_swapped, moved, need_fit, need_float, need_rank, need_same_elements
from .weight_attributes import Weighted

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

_MASK = "Which keys each query attends to: true for those it does, or numbers that are added to the scores"


@final
@record
class Attention(Layer):
    """A mean of the values for each query, weighted by how well the query fits the keys: `[..., T, D]`, `[..., S, D]`
    and `[..., S, E]` become `[..., T, E]`.

    The axes before the last two are equal or broadcast as in numpy. T and S may be symbolic. Without `scale`, scores
    are divided by the square root of D, as in PyTorch; Keras's `Attention` does not scale them, which is `scale=1.0`.

    The mask broadcasts to the scores, `[..., T, S]`. One of `bool` is true where a query attends to a key, as in
    Keras and in PyTorch's `scaled_dot_product_attention`; PyTorch's `MultiheadAttention` has it the other way
    round. One of numbers is added to the scores. A mask that says which positions of each example count, `[N, S]`,
    needs the axis of the queries: `mask=valid -> unsqueeze(axis=1)`. A query that attends to no key gives zeros, as in
    PyTorch; Keras gives the mean of all values.

    With `causal=true` a query attends to the keys up to its own position, both counted from the first one; where T and
    S differ, that is the triangle at the upper left, as in PyTorch. Beside a mask, both apply.

    Numbers of 16 bits are computed in float32.
    """

    kind: ClassVar[str] = "attention"
    operands: ClassVar[tuple[Operand, ...]] = (
        Operand("query", "What is asked for at each of T positions, `[..., T, D]`, of floating point elements."),
        Operand("key", "What is there at each of S positions, `[..., S, D]`."),
        Operand("value", "What is given for it, `[..., S, E]`."),
        Operand("mask", f"{_MASK}; broadcasts to `[..., T, S]`.", optional=True),
    )
    formula: ClassVar[str] = "y = softmax(scale * query key^T + mask) value"
    foreign_names: ClassVar[tuple[str, ...]] = (
        "scaleddotproductattention",
        "dotproductattention",
        "sdpa",
        "selfattention",
    )
    source: ClassVar[str] = (
        "Vaswani et al., Attention Is All You Need (2017), section 3.2.1; PyTorch scaled_dot_product_attention"
    )
    cpu_floats: ClassVar[frozenset[DType]] = frozenset(one for one in DType if one.is_float)
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(
            "attention(q, k, v)",
            {"q": "float32[N, T, 6]", "k": "float32[N, S, 6]", "v": "float32[N, S, 5]"},
            {"S": (3, 1, 4)},
        ),
        Sample("attention(x, x, x, causal=true, scale=0.5)", {"x": "float32[N, 2, T, D]"}),
        Sample("attention(x, x, x)", {"x": "float32[T, D]"}),
        Sample(
            "attention(q, k, k, mask=m -> unsqueeze(axis=[1, 2]))",
            {"q": "float32[N, 3, T, 4]", "k": "float32[N, 1, S, 4]", "m": "bool[N, S]"},
            {"S": (3, 5, 4)},
        ),
        Sample(
            "attention(q, k, k, mask=m, causal=true)",
            {"q": "float32[2, T, 4]", "k": "float32[S, 4]", "m": "bool[T, S]"},
            {"S": (3, 5, 2)},
        ),
        Sample("attention(q, k, k, mask=m)", {"q": "float32[N, 7, 3]", "k": "float32[N, 4, 3]", "m": "float32[7, 4]"}),
        Sample("attention(x, x, x, mask=m, causal=true)", {"x": "float32[N, 2, 5, 3]", "m": "float32[N, 1, 5, 5]"}),
    )

    scale: float | None = attribute(Real(), None, doc="Factor of the scores.", shown="1/sqrt(dim)")
    causal: bool = attribute(Flag(), False, doc="Whether a query attends to no key behind its own position.")

    def types(
        self, site: Site, query: TensorType, key: TensorType, value: TensorType, mask: TensorType | None = None
    ) -> TensorType:
        """``[..., T, E]``."""
        need_float(site, 0, query)
        for index, found in enumerate((query, key, value)):
            need_rank(site, index, found, 2, HIGHEST_RANK, "[..., T, C]", NoSequence)
            need_same_elements(site, index, query, found)
        _need_equal(site, "channels", -1, (0, query), (1, key))
        _need_equal(site, "positions", -2, (1, key), (2, value))
        leading = _leading(site, (0, query), (1, key), (2, value))
        _need_mask(site, query.dtype, mask, (*leading, query.shape[-2], key.shape[-2]))
        return query.with_shape(*leading, query.shape[-2], value.shape[-1])

    def cost(
        self,
        results: tuple[TensorType, ...],
        query: TensorType,
        key: TensorType,
        value: TensorType,
        mask: TensorType | None = None,
    ) -> Cost:
        """``T*S*D + T*S*E``, times the leading axes: the scores and the means."""
        each = query.shape[-2], key.shape[-2]
        scores = product((*each, query.shape[-1]), _joint(query.shape[:-2], key.shape[:-2]))
        return _total(scores, product((*each, value.shape[-1]), results[0].shape[:-2]))

    def positions(self, read: Read, *operands: TensorType | None) -> Reach:
        """Of the query its position, of keys and values all; the channels of the values stay apart."""
        shape = read.operand.shape
        whole = ({-1}, {-2, -1}, {-2}, {-1})[read.place]
        return aligned(shape, read.result.shape, whole={axis % len(shape) for axis in whole})

    def compute(
        self,
        weights: Mapping[str, np.ndarray],
        query: np.ndarray,
        key: np.ndarray,
        value: np.ndarray,
        mask: np.ndarray | None = None,
    ) -> np.ndarray:
        """The formula; see ``_means``."""
        scale = query.shape[-1] ** -0.5 if self.scale is None else self.scale
        return _means(query * scale, key, value, mask, self.causal)

    def lower(self, b: Builder, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        """``MatMul``, ``Softmax``, ``MatMul``; see ``attention_lowering``."""
        swapped = b.op(ops.Transpose(perm=moved(key.rank, key.rank - 1, key.rank - 2)), key)
        return attended(b, query, swapped, value, self.scale, Masking(mask, self.causal))


@final
@record
class MultiHeadAttention(Weighted):
    """Attention in several heads at once, each on its own part of the channels: `[N, T, C]` stays `[N, T, C]`.

    Query, key and value are multiplied by a weight each, their channels divided among the heads, each head attends by
    itself, and the heads' results, side by side again, are multiplied by a last weight. A key that is left out is the
    query (self-attention); a value that is left out is the key: `x -> multi_head_attention(8, key=memory)` looks into
    another sequence, `[N, S, C]`. All three have one width; PyTorch's `kdim` and `vdim` are a `dense` before it.

    Masks and `causal` are as in `attention`: a mask is true where a query attends to a key, unlike in PyTorch's
    `MultiheadAttention`, and both apply. It is `[T, S]` for all, `[N, T, S]` for each example, or `[N, heads, T, S]`,
    where any size may be 1; PyTorch's `key_padding_mask`, `[N, S]`, is `mask=valid -> unsqueeze(axis=1)` with true for
    what counts. A query that attends to no key gives the last bias.

    Each of the `heads` works on C / heads channels, as in PyTorch. Keras's layer takes this size, `key_dim`, and its
    heads may have more or less than C channels together; and where only `value` is given there, it is the key, too.
    Weights start as in PyTorch: `in_proj_weight`, the rows of query, key and value one below the other, as one matrix.
    There is no dropout; Keras and PyTorch drop scores when training, where `dropout=` says so.
    """

    kind: ClassVar[str] = "multi_head_attention"
    operands: ClassVar[tuple[Operand, ...]] = (
        Operand("query", "The sequence that asks, `[N, T, C]`."),
        Operand("key", "The sequence that is looked into, `[N, S, C]`; else the query.", optional=True),
        Operand("value", "What is given for its keys, `[N, S, C]`; else the key.", optional=True),
        Operand("mask", f"{_MASK}; `[T, S]`, `[N, T, S]` or `[N, heads, T, S]`.", optional=True),
    )
    formula: ClassVar[str] = (
        "y = W_out [head 1; head 2; ...] + b_out, each head = attention(W_q query + b_q, W_k key + b_k, "
        "W_v value + b_v)"
    )
    foreign_names: ClassVar[tuple[str, ...]] = ("multiheadattention", "mha", "selfattention")
    source: ClassVar[str] = (
        "Vaswani et al., Attention Is All You Need (2017), section 3.2.2; PyTorch MultiheadAttention"
    )
    literal_weights: ClassVar[tuple[str, ...]] = ("in_proj_weight", "in_proj_bias")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("multi_head_attention(2)", {"x": "float32[N, T, 6]"}),
        Sample("multi_head_attention(heads=3, causal=true, bias=false)", {"x": "float32[N, T, 6]"}),
        Sample(
            "multi_head_attention(2, key=k, mask=m)",
            {"q": "float32[N, T, 4]", "k": "float32[N, S, 4]", "m": "float32[T, S]"},
            {"S": (3, 5, 4)},
        ),
        Sample(
            "multi_head_attention(1, key=k, value=v, mask=m -> unsqueeze(axis=1), init=he_normal, bias_init=ones)",
            {"q": "float32[N, 3, 5]", "k": "float32[N, S, 5]", "v": "float32[N, S, 5]", "m": "bool[N, S]"},
            {"S": (3, 5, 4)},
        ),
        Sample(
            "q -> multi_head_attention(4, key=q, value=v, mask=m, causal=true)",
            {"q": "float32[1, 3, 4]", "v": "float32[N, 3, 4]", "m": "float32[N, 4, 1, 3]"},
        ),
        Sample(
            "multi_head_attention(1, in_proj_weight=[[1, 0], [0, 1], [2, 0], [0, 1], [1, 1], [0, -1]], "
            "in_proj_bias=[0, 1, 0, 0.5, 0, 0])",
            {"x": "float32[N, T, 2]"},
        ),
    )

    heads: int = attribute(Integer(1), doc="How many heads; they divide the channels.", positional=True)
    bias: bool = attribute(Flag(), True, doc="Whether a bias is added behind each of the four weights.")
    causal: bool = attribute(Flag(), False, doc="Whether a query attends to no key behind its own position.")

    def types(
        self,
        site: Site,
        query: TensorType,
        key: TensorType | None = None,
        value: TensorType | None = None,
        mask: TensorType | None = None,
    ) -> TensorType:
        """``[N, T, C]``."""
        if value is not None and key is None:
            raise DotnnError(ValueWithoutKey(span=site.operand(2), kind=site.kind))
        given = [(index, one) for index, one in enumerate((query, key, value)) if one is not None]
        for index, one in given:
            check_sequence(one, site, index)
            need_same_elements(site, index, query, one)
            _need_equal(site, "channels", -1, (0, query), (index, one))
        self._need_even_heads(site, query)
        if key is not None and value is not None:
            _need_equal(site, "positions", -2, (1, key), (2, value))
        (batch,) = _leading(site, *given)
        self._need_mask(site, mask, query, batch, (key or query).shape[1])
        return query.with_shape(batch, *query.shape[1:])

    def _need_even_heads(self, site: Site, query: TensorType) -> None:
        channels = known(query.shape[2])
        if channels % self.heads:
            facts = site.about_argument("heads", query)
            raise DotnnError(HeadsNotEven(**facts, heads=self.heads, channels=channels, faulty_axes=((0, 2),)))

    def _need_mask(self, site: Site, mask: TensorType | None, query: TensorType, batch: Dim, keys: Dim) -> None:
        if mask is None:
            return
        need_rank(site, 3, mask, 2, 4, fault=MaskOfOtherRank)
        ahead = ((), (batch,), (batch, self.heads))[mask.rank - 2]
        _need_mask(site, query.dtype, mask, (*ahead, query.shape[1], keys), "`-> unsqueeze(axis=1)`")

    def specs(self, query: TensorType, *others: TensorType | None) -> Iterator[WeightSpec]:
        """``in_proj_weight`` of ``[3*C, C]``, ``out_proj.weight`` of ``[C, C]``, and their biases."""
        channels = known(query.shape[2])
        apart, names = (self.heads, channels // self.heads), ("query", "key", "value")
        kernels = tuple(KerasTensor(f"{name}/kernel", (channels, *apart), (1, 2, 0)) for name in names)
        biases = tuple(KerasTensor(f"{name}/bias", apart, (0, 1)) for name in names)
        out = KerasTensor("attention_output/kernel", (*apart, channels), (2, 0, 1))
        out_bias = KerasTensor("attention_output/bias", (channels,), (0,))
        yield self._spec("in_proj_weight", (3 * channels, channels), *kernels)
        if self.bias:
            yield self._spec("in_proj_bias", (3 * channels,), *biases)
        yield self._spec("out_proj.weight", (channels, channels), out)
        if self.bias:
            yield self._spec("out_proj.bias", (channels,), out_bias)

    def _spec(self, name: str, shape: tuple[int, ...], *keras: KerasTensor) -> WeightSpec:
        is_bias = len(shape) == 1
        start = self.bias_init or initializers.Zeros() if is_bias else self.init or self.default_init
        return WeightSpec(name, shape, start, Fan.of(shape), keras=keras)

    @classmethod
    def attribute_for(cls, difference: Difference) -> str:
        """The biases that one side has."""
        is_bias = difference.tensor == "in_proj_bias" and "in_proj_weight" in difference.lacking
        return f"bias={difference.wanted}" if is_bias else ""

    def params_text(self, specs: Sequence[WeightSpec]) -> str:
        """``4*64*(64+1)``: four weights, each row with its bias."""
        channels = specs[0].shape[1]
        return f"4*{channels}*({channels}+1)" if self.bias else f"4*{channels}*{channels}"

    def cost(
        self,
        results: tuple[TensorType, ...],
        query: TensorType,
        key: TensorType | None = None,
        value: TensorType | None = None,
        mask: TensorType | None = None,
    ) -> Cost:
        """``4*64*64*T + 2*T*T*64``: the four weights at every position, the scores and the means."""
        key = key or query
        value = value or key
        channels = known(query.shape[2])
        read = (one.shape[:2] for one in (query, key, value, results[0]))
        each = query.shape[1], key.shape[1], channels
        scores = product(each, _joint(query.shape[:1], key.shape[:1]))
        return _total(
            *(product((channels, channels), shape) for shape in read), scores, product(each, results[0].shape[:1])
        )

    def positions(
        self, read: Read, query: TensorType, key: TensorType | None = None, *others: TensorType | None
    ) -> Reach:
        """Of the query its position, of what it looks into all; every channel mixes all."""
        shape = read.operand.shape
        if read.place < 3:
            is_looked_into = read.place or key is None
            return aligned(shape, read.result.shape, whole={1, 2} if is_looked_into else {2})
        ahead = ((), (0,), (0, None))[len(shape) - 2]
        return tuple(_along(one, axis, read.result.shape) for one, axis in zip(shape, (*ahead, 1, None), strict=True))

    def compute(
        self,
        weights: Mapping[str, np.ndarray],
        query: np.ndarray,
        key: np.ndarray | None = None,
        value: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray:
        """The products with the weights around ``_means`` of the heads."""
        key = query if key is None else key
        value = key if value is None else value
        matrices = np.split(weights["in_proj_weight"], 3)
        biases = np.split(weights["in_proj_bias"], 3) if self.bias else (0, 0, 0)
        each = (x @ matrix.T + bias for x, matrix, bias in zip((query, key, value), matrices, biases, strict=True))
        asked, there, given = (np.stack(np.split(one, self.heads, axis=-1), axis=1) for one in each)
        scale = asked.shape[-1] ** -0.5
        each_head = mask[:, None] if mask is not None and mask.ndim == 3 else mask
        found = np.concatenate(_each_head(_means(asked * scale, there, given, each_head, self.causal)), axis=-1)
        y = found @ weights["out_proj.weight"].T
        return y + weights["out_proj.bias"] if self.bias else y

    def lower(
        self,
        b: Builder,
        query: Tensor,
        key: Tensor | None = None,
        value: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Products with the weights around ``attended``: one for all operands that are the same tensor."""
        key = key or query
        read = (query, key, value or key)
        asked, there, given = _projected(b, read, self.bias)
        if mask is not None and mask.rank == 3:
            mask = b.op(ops.Unsqueeze(), mask, b.ints(1))
        found = attended(
            b,
            _by_head(b, asked, self.heads, (0, 2, 1, 3)),
            _by_head(b, there, self.heads, (0, 2, 3, 1)),
            _by_head(b, given, self.heads, (0, 2, 1, 3)),
            None,
            Masking(mask, self.causal),
        )
        joined = b.op(ops.Transpose(perm=(0, 2, 1, 3)), found)
        joined = b.reshape(joined, (*joined.shape[:2], query.shape[2]))
        name = b.weight_name("out_proj.weight", "transposed")
        return linear(b, joined, b.weight("out_proj.weight"), b.weight_or_none("out_proj.bias"), name)


def _by_head(b: Builder, x: Tensor, heads: int, order: tuple[int, ...]) -> Tensor:
    """``[N, T, C]`` as ``[N, T, heads, C / heads]``, the axes in this order."""
    apart = b.reshape(x, (*x.shape[:2], heads, known(x.shape[2]) // heads))
    return b.op(ops.Transpose(perm=order), apart)


def _projected(b: Builder, read: Sequence[Tensor], bias: bool) -> Iterator[Tensor]:
    """Query, key and value times their weights, neighbours that are one tensor by one product."""
    first = 0
    for _, group in groupby(read, key=lambda one: one.value):
        same = list(group)
        part = "qkv"[first : first + len(same)]
        weight = _rows(b, "in_proj_weight", part)
        shift = _rows(b, "in_proj_bias", part) if bias else None
        y = linear(b, same[0], weight, shift, b.weight_name("in_proj_weight", f"{part}_transposed"))
        yield from (y,) if len(same) == 1 else b.ops(ops.Split(axis=-1, num_outputs=len(same)), y)
        first += len(same)


def _rows(b: Builder, name: str, part: str) -> Tensor:
    """The rows of a weight that are for a part of query, key and value."""
    whole = b.weight(name)
    if part == "qkv":
        return whole
    count = known(whole.shape[0]) // 3
    start = "qkv".index(part) * count
    ends = b.ints(start), b.ints(start + len(part) * count)
    return b.op(ops.Slice(), whole, *ends, b.ints(0), name=b.weight_name(name, part))


# --- types ------------------------------------------------------------------------------------------------------------


def _need_equal(site: Site, things: str, axis: int, one: tuple[int, TensorType], other: tuple[int, TensorType]) -> None:
    """Demand that two operands, each with its index, have as many channels or positions."""
    (first, left), (second, right) = one, other
    pair = left.shape[axis], right.shape[axis]
    equal = decide_equal(*pair)
    if equal:
        return
    names = ("query", "key", "value")
    facts = {"span": site.operand(second), "kind": site.kind, "things": things}
    facts |= {"left_name": names[first], "left": str(left), "left_dim": format_dim(pair[0])}
    facts |= {"right_name": names[second], "right": str(right), "right_dim": format_dim(pair[1])}
    facts["faulty_axes"] = ((first, axis), (second, axis))
    if axis == -1 and decide_equal(left.shape[-1], right.shape[-2]):
        facts["order"] = last_swapped(right.rank)
    if equal is False:
        raise DotnnError(AttentionMismatch(**facts, right_rank=right.rank))
    raise DotnnError(AttentionUndecided(**facts, forms=format_forms(equalizing_forms([pair]))))


def _leading(site: Site, *operands: tuple[int, TensorType]) -> tuple[Dim, ...]:
    """What the axes of operands before the last two broadcast to, pair by pair, so that the right two are named."""
    for place, (_, left) in enumerate(operands):
        for index, right in operands[place + 1 :]:
            pairs = _side_by_side(left.shape[:-2], right.shape[:-2])
            fits = [(one, other, broadcasts(one, other)) for one, other in pairs]
            need_fit(site, index, fits, CannotBroadcast, BroadcastUndecided, left=str(left), right=str(right))
    return _joint(*(found.shape[:-2] for _, found in operands))


def _side_by_side(left: Sequence[Dim], right: Sequence[Dim]) -> list[tuple[Dim, Dim]]:
    """The dimensions of two shapes, aligned at their last axes."""
    rank = max(len(left), len(right))
    return list(zip((*(1,) * (rank - len(left)), *left), (*(1,) * (rank - len(right)), *right), strict=True))


def _joint(*shapes: Sequence[Dim]) -> tuple[Dim, ...]:
    """What shapes that certainly fit broadcast to."""
    found: tuple[Dim, ...] = ()
    for shape in shapes:
        found = tuple(other if one == 1 else one for one, other in _side_by_side(found, shape))
    return found


def _need_mask(
    site: Site, dtype: DType, mask: TensorType | None, scores: tuple[Dim, ...], padding: str | None = None
) -> None:
    """Demand that a mask has elements that mean something, and broadcasts to the scores without making them more.

    Args:
        site: the place.
        dtype: the element type of the scores.
        mask: the type of the mask; None for none.
        scores: the shape of the scores, as far as the mask may have it.
        padding: how a mask ``[N, S]`` becomes one that fits.
    """
    if mask is None:
        return
    if mask.dtype not in (DType.BOOL, dtype):
        raise DotnnError(WrongElementType(**site.about_operand(3, mask), expected=f"bool or {dtype}"))
    form = format_shape(scores)
    need_rank(site, 3, mask, 1, len(scores), form, MaskOfMoreAxes)
    for axis, (found, wanted) in enumerate(zip(mask.shape, scores[-mask.rank :], strict=True)):
        equal = found == 1 or decide_equal(found, wanted)
        if equal:
            continue
        fault = MaskMismatch if equal is False else MaskUndecided
        raise DotnnError(
            fault(
                span=site.operand(3),
                kind=site.kind,
                scores=form,
                mask=str(mask),
                axis=axis,
                found_dim=format_dim(found),
                wanted_dim=format_dim(wanted),
                padding=_padding_hint(len(scores)) if padding is None else padding,
            )
        )


def _padding_hint(rank: int) -> str:
    """How a mask ``[N, S]`` fits scores of a rank: with further axes of size 1 between."""
    if rank < 3:
        return ""
    between = list(range(1, rank - 1))
    axis = value_text(between[0] if len(between) == 1 else between)
    return f"`-> unsqueeze(axis={axis})`"


# --- numbers ----------------------------------------------------------------------------------------------------------


def _total(*costs: Cost) -> Cost:
    """The sum, equal terms as a multiple: ``4*64*64*T + 2*T*T*64``."""
    texts = Counter(one.text for one in costs)
    terms = (text if count == 1 else f"{count}*{text}" for text, count in texts.items())
    return Cost(sum(one.number for one in costs), " + ".join(terms))


def _along(dim: Dim, axis: int | None, result: Sequence[Dim]) -> Along:
    """How an axis of the mask is read: along an axis of the result, at its only place, or as a whole."""
    if axis is None:
        return WHOLE
    return Along(None if dim == 1 and result[axis] != 1 else axis)


def _each_head(x: np.ndarray) -> list[np.ndarray]:
    """The parts of ``[N, heads, T, D]``, each ``[N, T, D]``."""
    return [x[:, head] for head in range(x.shape[1])]


def _means(query: np.ndarray, key: np.ndarray, value: np.ndarray, mask: np.ndarray | None, causal: bool) -> np.ndarray:
    """The means of the values ``[..., S, E]``, weighted by the softmax of the scores of a scaled query.

    What is masked has the score minus infinity; where all is, the weights are 0.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        scores = query @ np.swapaxes(key, -1, -2)
        if mask is not None:
            scores = scores + (np.where(mask, 0.0, -np.inf).astype(scores.dtype) if mask.dtype == bool else mask)
        if causal:
            scores = scores + np.triu(np.full(scores.shape[-2:], -np.inf, scores.dtype), 1)
        highest = scores.max(axis=-1, keepdims=True)
        powers = np.exp(scores - np.where(np.isneginf(highest), 0, highest))
        sums = powers.sum(axis=-1, keepdims=True)
        return (powers / np.where(sums == 0, 1, sums)) @ value
