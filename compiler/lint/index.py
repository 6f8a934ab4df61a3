"""Which rules there are. Written by ``docs/generate.py``; not to be edited."""

from __future__ import annotations

from collections.abc import Mapping

from .rows import Row

RULES: Mapping[str, Row] = {
    "L101": Row("repeated_activation", ("relu", "leaky_relu", "relu6", "elu", "gelu", "silu", "sigmoid", "tanh"), True),
    "L102": Row("linear_layers_in_a_row", ("dense",), True),
    "L103": Row("bias_before_batch_norm", ("batch_norm",), True),
    "L104": Row("sigmoid_and_softmax", ("softmax", "log_softmax", "sigmoid"), True),
    "L105": Row("dropout_before_normalization", ("dropout", "spatial_dropout"), True),
    "L106": Row("dropout_on_output", ("dropout", "spatial_dropout"), True),
    "L107": Row("softmax_inside", ("softmax", "log_softmax"), True),
    "L108": Row("softmax_on_one_unit", ("softmax",), True),
    "L109": Row("no_activation_between", ("batch_norm", "conv1d", "conv2d", "conv3d"), True),
    "L110": Row("only_max_pooling_between", ("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d", "global_max_pool1d", "global_max_pool2d", "global_max_pool3d", "max_pool1d", "max_pool2d", "max_pool3d"), True),
    "L111": Row("sigmoid_inside", ("sigmoid",), True),
    "L112": Row("softmax_along_other_axis", ("softmax", "log_softmax"), True),
    "L113": Row("dropout_before_max_pooling", ("dropout",), True),
    "L114": Row("unusual_dropout_rate", ("dropout", "spatial_dropout"), True),
    "L115": Row("saturating_stack", ("hard_sigmoid", "sigmoid", "softsign", "tanh"), True),
    "L201": Row("dropped_positions", (), False),
    "L202": Row("padding_beyond_kernel", (), True),
    "L203": Row("stride_above_kernel", (), True),
    "L205": Row("pooling_of_single_positions", (), True),
    "L401": Row("suppression", (), True),
    "L402": Row("unused_definition", (), True),
    "L403": Row("empty_file", (), True),
}
