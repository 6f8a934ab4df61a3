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
    "L116": Row("constant_weights", ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "dense", "gru", "lstm", "multi_head_attention", "rnn"), True),
    "L117": Row("initializer_and_activation", ("conv1d", "conv2d", "conv3d", "dense"), True),
    "L118": Row("output_name", ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "dense", "depthwise_conv1d", "depthwise_conv2d", "embedding", "gru", "lstm", "multi_head_attention", "rnn", "separable_conv1d", "separable_conv2d"), True),
    "L119": Row("dense_over_positions", ("conv1d", "conv2d", "conv3d"), True),
    "L120": Row("repeated_layer", ("batch_norm", "dropout", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm", "spatial_dropout"), True),
    "L121": Row("long_plain_rnn", ("rnn",), True),
    "L122": Row("last_step_of_both_directions", ("gru", "lstm", "rnn"), True),
    "L123": Row("flattened_sequence", ("gru", "lstm", "rnn"), True),
    "L124": Row("sequence_of_one_step", ("gru", "lstm", "rnn"), True),
    "L125": Row("initial_spread", ("conv1d", "conv2d", "conv3d", "dense"), True),
    "L126": Row("activation_of_recurrent", ("gru", "lstm", "rnn"), True),
    "L130": Row("filters_shrink", ("conv1d", "conv2d", "conv3d"), False),
    "L131": Row("kernels_shrink", ("conv1d", "conv2d", "conv3d"), False),
    "L132": Row("dense_widens", ("dense",), False),
    "L133": Row("no_pooling", ("conv1d", "conv2d", "conv3d"), False),
    "L201": Row("dropped_positions", (), False),
    "L202": Row("padding_beyond_kernel", (), True),
    "L203": Row("stride_above_kernel", (), True),
    "L205": Row("pooling_of_single_positions", (), True),
    "L401": Row("suppression", (), True),
    "L402": Row("unused_definition", (), True),
    "L403": Row("empty_file", (), True),
}
