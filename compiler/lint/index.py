"""Which rules there are. Written by ``docs/generate.py``; not to be edited."""

from __future__ import annotations

from collections.abc import Mapping

from .rows import Row

RULES: Mapping[str, Row] = {
    "L102": Row("linear_layers_in_a_row", ("dense",), True),
    "L103": Row("bias_before_batch_norm", ("batch_norm",), True),
    "L104": Row("sigmoid_and_softmax", ("softmax", "log_softmax", "sigmoid"), True),
    "L106": Row("dropout_on_output", ("dropout", "spatial_dropout"), True),
    "L108": Row("softmax_on_one_unit", ("softmax",), True),
    "L401": Row("suppression", (), True),
}
