"""What kinds of layers do with the order of features.

A kind that is in none of these, and has no method in ``feature_order``, is one of which nothing is known there: weights
behind it are refused where features have another order in Keras. A test goes through all kinds.
"""

from __future__ import annotations

from typing import Final


def _ranks(*kinds: str) -> frozenset[str]:
    return frozenset(f"{kind}{rank}d" for kind in kinds for rank in (1, 2, 3))


#: Every element by itself; softmax and its like treat all features alike.
ELEMENTWISE: Final = frozenset(
    {
        "abs",
        "cast",
        "celu",
        "clip",
        "dropout",
        "elu",
        "exp",
        "gelu",
        "hard_sigmoid",
        "hard_swish",
        "leaky_relu",
        "log",
        "log_softmax",
        "mish",
        "neg",
        "prelu",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "softmax",
        "softplus",
        "softsign",
        "spatial_dropout",
        "sqrt",
        "step",
        "tanh",
    }
)
#: Elements of two tensors that broadcast.
JOINING: Final = frozenset({"add", "sub", "mul", "div", "pow", "maximum", "minimum"})
REFOLDING: Final = frozenset({"flatten", "reshape", "squeeze", "unsqueeze"})
RECURRENT: Final = frozenset({"rnn", "lstm", "gru"})
ATTENTION: Final = frozenset({"attention", "multi_head_attention"})
REDUCING: Final = frozenset({"mean", "sum", "max", "min", "argmax", "norm", "variance"})
#: Windows of each channel by itself, by weights.
DEPTHWISE: Final = _ranks("depthwise_conv", "separable_conv")
#: Each channel by itself, without weights.
INDEPENDENT_CHANNELS: Final = _ranks(
    "max_pool",
    "avg_pool",
    "sum_pool",
    "lp_pool",
    "global_max_pool",
    "global_avg_pool",
    "adaptive_avg_pool",
    "adaptive_max_pool",
) | {"pad", "upsample", "resize"}
#: They read `[N, C, *spatial]` where there is a spatial axis.
CHANNELS_FIRST: Final = (
    INDEPENDENT_CHANNELS
    | DEPTHWISE
    | _ranks("conv", "conv_transpose")
    | {"batch_norm", "instance_norm", "group_norm", "local_response_norm", "pixel_shuffle", "channel_shuffle"}
)
