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
    "L108": Row("softmax_on_one_unit", ("softmax",), True),
    "L140": Row("freezes_nothing", (), True),
    "L141": Row("nothing_to_normalize", ("instance_norm", "group_norm", "layer_norm"), True),
    "L142": Row("dropout_without_layers", ("rnn", "lstm", "gru"), True),
    "L201": Row("dropped_positions", (), False),
    "L202": Row("padding_beyond_kernel", (), True),
    "L203": Row("stride_above_kernel", (), True),
    "L205": Row("pooling_of_single_positions", (), True),
    "L401": Row("suppression", (), True),
    "L402": Row("unused_definition", (), True),
    "L403": Row("empty_file", (), True),
    "L404": Row("unused_binding", (), True),
    "L405": Row("unreachable_statement", (), True),
    "L406": Row("unused_argument", (), True),
    "L407": Row("unused_input", (), True),
    "L408": Row("reaches_no_output", (), True),
    "L409": Row("shadowing", (), True),
    "L410": Row("missing_expect_params", (), False),
    "L411": Row("duplicate_computation", (), True),
    "L412": Row("unmatched_weights", (), True),
    "L413": Row("naming_convention", (), True),
    "L414": Row("named_like_call", (), False),
}
