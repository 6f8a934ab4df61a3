"""Kinds of layers by what they are for, as names: a rule that goes by them loads no layer that the network lacks."""

from __future__ import annotations


def _of_ranks(*names: str) -> frozenset[str]:
    return frozenset(f"{name}{rank}d" for name in names for rank in (1, 2, 3))


CONVOLUTIONS = _of_ranks("conv")
TRANSPOSED = _of_ranks("conv_transpose")
RECURRENT = frozenset({"rnn", "lstm", "gru"})
#: Layers with matrices of weights.
LEARNING = (
    CONVOLUTIONS
    | RECURRENT
    | TRANSPOSED
    | {"depthwise_conv1d", "depthwise_conv2d", "separable_conv1d", "separable_conv2d"}
    | {"dense", "embedding", "multi_head_attention"}
)

DROPPING = frozenset({"dropout", "spatial_dropout"})
NORMALIZING = frozenset({"batch_norm", "layer_norm", "rms_norm", "instance_norm", "group_norm", "local_response_norm"})
#: What makes an image larger without learning.
ENLARGING = frozenset({"upsample", "resize"})
#: What moves numbers and computes none.
ARRANGING = frozenset({"flatten", "reshape", "transpose", "squeeze", "unsqueeze"})
MAXIMA = _of_ranks("max_pool", "global_max_pool", "adaptive_max_pool")
MEANS = _of_ranks("avg_pool", "sum_pool", "global_avg_pool", "adaptive_avg_pool") | {"mean"}
#: What is a linear function of one tensor once the network is trained, beside the layers that learn.
LINEAR = ARRANGING | DROPPING | MEANS | {"batch_norm", "pad"}

#: Activations that are nearly constant far from 0, so that gradients vanish there.
SATURATING = frozenset({"sigmoid", "tanh", "hard_sigmoid", "softsign"})
RECTIFYING = frozenset({"relu", "relu6", "leaky_relu", "prelu", "elu", "celu", "gelu", "silu", "mish", "hard_swish"})
ACTIVATIONS = SATURATING | RECTIFYING | {"selu", "softplus", "clip", "step"}
PROBABILITIES = frozenset({"softmax", "log_softmax", "sigmoid"})
