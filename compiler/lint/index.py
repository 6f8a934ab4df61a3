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
    "L201": Row("dropped_positions", (), False),
    "L202": Row("padding_beyond_kernel", (), True),
    "L203": Row("stride_above_kernel", (), True),
    "L204": Row("even_kernel_with_same", (), True),
    "L205": Row("pooling_of_single_positions", (), True),
    "L206": Row("padding_above_half", (), True),
    "L207": Row(
        "small_receptive_field",
        (
            "global_avg_pool2d",
            "global_avg_pool3d",
            "global_max_pool2d",
            "global_max_pool3d",
            "adaptive_avg_pool2d",
            "adaptive_avg_pool3d",
            "adaptive_max_pool2d",
            "adaptive_max_pool3d",
            "avg_pool2d",
            "avg_pool3d",
            "max_pool2d",
            "max_pool3d",
            "mean",
            "max",
        ),
        True,
    ),
    "L208": Row("large_kernel", (), True),
    "L209": Row("dilation_with_holes", (), True),
    "L210": Row("uneven_overlap", (), True),
    "L302": Row("dominant_dense", ("dense",), True),
    "L303": Row("uneven_channels", (), True, ("provider",)),
    "L401": Row("suppression", (), True),
    "L402": Row("unused_definition", (), True),
    "L403": Row("empty_file", (), True),
    "L501": Row("missing_kernel", (), True, ("target", "provider")),
    "L502": Row("runs_on_cpu", (), True, ("provider",)),
    "L503": Row("symbolic_dimension", (), True, ("provider",)),
    "L504": Row("fused_for_another_provider", (), True, ("provider",)),
}
