"""Networks with one mistake of shapes each, as newcomers from PyTorch and Keras make them."""

from __future__ import annotations

from collections.abc import Mapping


def _model(body: str, head: str = "") -> str:
    return f"{head}model net {{{body}}}\n"


#: Their texts, by what the mistake is.
MISTAKES: Mapping[str, str] = {
    "resnet_stride": _model(
        """
    input image: float32[N, 3, 32, 32]
    stem = image -> conv2d(64, kernel=3, padding=1) -> batch_norm -> relu
    main = stem -> conv2d(128, kernel=3, stride=2, padding=1) -> batch_norm -> relu
        -> conv2d(128, kernel=3, padding=1) -> batch_norm
    output y = main + stem -> relu
"""
    ),
    "resnet_nopad": _model(
        """
    input image: float32[N, 3, 32, 32]
    stem = image -> conv2d(64, kernel=3, padding=1) -> relu
    main = stem -> conv2d(64, kernel=3) -> relu -> conv2d(64, kernel=3)
    output y = (main + stem) -> relu
"""
    ),
    "channels": _model(
        """
    input image: float32[N, 64, 32, 32]
    main = image -> conv2d(128, kernel=3, padding=1) -> relu
    output y = image + main
"""
    ),
    "unet": _model(
        """
    input image: float32[N, 1, 30, 30]
    d1 = image -> conv2d(16, kernel=3, padding=1) -> relu
    d2 = d1 -> max_pool2d(2) -> conv2d(32, kernel=3, padding=1) -> relu
    d3 = d2 -> max_pool2d(2) -> conv2d(64, kernel=3, padding=1) -> relu
    u2 = concat(d3 -> upsample(2), d2) -> conv2d(32, kernel=3, padding=1) -> relu
    u1 = concat(u2 -> upsample(2), d1) -> conv2d(16, kernel=3, padding=1)
    output y = u1
"""
    ),
    "unet_symbolic": _model(
        """
    input image: float32[N, 1, H, W]
    d1 = image -> conv2d(16, kernel=3, padding=1) -> relu
    d2 = d1 -> max_pool2d(2) -> conv2d(32, kernel=3, padding=1) -> relu
    output y = concat(d2 -> upsample(2), d1) -> conv2d(16, kernel=3, padding=1)
"""
    ),
    "unet_valid": _model(
        """
    input image: float32[N, 1, 64, 64]
    d1 = image -> conv2d(16, kernel=3) -> relu -> conv2d(16, kernel=3) -> relu
    d2 = d1 -> max_pool2d(2) -> conv2d(32, kernel=3) -> relu
    output y = concat(d2 -> upsample(2), d1) -> conv2d(16, kernel=3)
"""
    ),
    "flatten_dense": _model(
        """
    input image: float32[N, 1, 28, 28]
    output y = image -> conv2d(32, kernel=3) -> relu -> max_pool2d(2) -> dense(128) -> relu
        -> dense(10) -> softmax
"""
    ),
    "flat_conv": _model(
        """
    input x: float32[N, 784]
    output y = x -> conv2d(32, kernel=3) -> relu -> flatten -> dense(10)
"""
    ),
    "nochannel": _model(
        """
    input x: float32[N, 28, 28]
    output y = x -> conv2d(32, kernel=3) -> relu -> flatten -> dense(10)
"""
    ),
    "nobatch": _model(
        """
    input x: float32[3, 224, 224]
    output y = x -> conv2d(32, kernel=3) -> relu -> flatten -> dense(10)
"""
    ),
    "conv1d_2d": _model(
        """
    input x: float32[N, 3, 100]
    output y = x -> conv2d(32, kernel=3) -> relu -> flatten -> dense(10)
"""
    ),
    "lstm_image": _model(
        """
    input x: float32[N, 1, 28, 28]
    output y = x -> conv2d(32, kernel=3) -> lstm(64, return_sequences=false) -> dense(10)
"""
    ),
    "lstm_vector": _model(
        """
    input x: float32[N, 784]
    output y = x -> lstm(64, return_sequences=false) -> dense(10)
"""
    ),
    "deep_pool": _model(
        """
    input x: float32[N, 3, 32, 32]
    output y = x -> conv2d(32, kernel=3) -> max_pool2d(2) -> conv2d(64, kernel=3)
        -> max_pool2d(2) -> conv2d(64, kernel=3) -> max_pool2d(2) -> max_pool2d(2)
        -> max_pool2d(2) -> flatten -> dense(10)
"""
    ),
    "groups": _model(
        """
    input x: float32[N, 3, 32, 32]
    output y = x -> conv2d(64, kernel=3) -> conv2d(64, kernel=3, groups=6) -> flatten -> dense(10)
"""
    ),
    "filters": _model(
        """
    input x: float32[N, 8, 32, 32]
    output y = x -> conv2d(30, kernel=3, groups=4) -> flatten -> dense(10)
"""
    ),
    "heads": _model(
        """
    input x: float32[N, T, 100]
    output y = x -> multi_head_attention(8) -> dense(10)
"""
    ),
    "heads_dense": _model(
        """
    input x: float32[N, T, 30]
    output y = x -> dense(100) -> multi_head_attention(8) -> dense(10)
"""
    ),
    "matmul": _model(
        """
    input q: float32[N, 10, 64]
    input k: float32[N, 12, 64]
    output y = q @ k
"""
    ),
    "reshape": _model(
        """
    input x: float32[N, 3, 32, 32]
    output y = x -> conv2d(64, kernel=3) -> max_pool2d(2) -> reshape([N, 64 * 16 * 16]) -> dense(10)
"""
    ),
    "reshape2": _model(
        """
    input x: float32[N, 100]
    output y = x -> dense(3136) -> reshape([N, 128, 7, 7]) -> conv2d(3, kernel=3)
"""
    ),
    "declared": _model(
        """
    input x: float32[N, 3, 32, 32]
    output y: float32[N, 10] = x -> conv2d(8, kernel=3) -> flatten -> dense(9)
"""
    ),
    "declared_rank": _model(
        """
    input x: float32[N, 3, 32, 32]
    output y: float32[N, 10] = x -> conv2d(10, kernel=3) -> relu
"""
    ),
    "concat_rank": _model(
        """
    input image: float32[N, 3, 32, 32]
    input meta: float32[N, 5]
    f = image -> conv2d(8, kernel=3) -> relu
    output y = concat(f, meta) -> dense(10)
"""
    ),
    "concat_axis": _model(
        """
    input a: float32[N, 10, 64]
    input b: float32[N, 20, 64]
    output y = concat(a, b, axis=2)
"""
    ),
    "autoencoder": _model(
        """
    input x: float32[N, 1, 28, 28]
    z = x -> conv2d(16, kernel=3, stride=2, padding=1) -> relu
        -> conv2d(32, kernel=3, stride=2, padding=1) -> relu
    r = z -> conv_transpose2d(16, kernel=3, stride=2, padding=1) -> relu
        -> conv_transpose2d(1, kernel=3, stride=2, padding=1)
    output loss = r - x
"""
    ),
    "se": _model(
        """
    input x: float32[N, 64, 32, 32]
    w = x -> global_avg_pool2d -> flatten -> dense(4) -> relu -> dense(32) -> sigmoid
    output y = x * w
"""
    ),
    "gate": _model(
        """
    input x: float32[N, 64, 32, 32]
    w = x -> global_avg_pool2d -> flatten -> dense(64) -> sigmoid
    output y = x * w
"""
    ),
    "attention_width": _model(
        """
    input words: float32[N, T, 64]
    input image: float32[N, 49, 128]
    output y = words -> multi_head_attention(4, key=image, value=image)
"""
    ),
    "split": _model(
        """
    input x: float32[N, 3, 32, 32]
    h = x -> conv2d(10, kernel=3)
    a, b, c = h -> split(3)
    output y = a + b + c
"""
    ),
    "lib": _model(
        """
    input x: float32[N, 3, 32, 32]
    h = x -> conv2d(32, kernel=3) -> basic(64, stride=2) -> max_pool2d(2)
        -> basic(128, stride=2) -> max_pool2d(2) -> max_pool2d(2)
    output y = h -> conv2d(10, kernel=3)
""",
        'import basic from "dotnn/residual"\n',
    ),
    "pixel": _model(
        """
    input x: float32[N, 3, 32, 32]
    output y = x -> conv2d(10, kernel=3, padding=1) -> pixel_shuffle(2)
"""
    ),
    "gan": _model(
        """
    input z: float32[N, 100]
    output y = z -> dense(7 * 7 * 128) -> reshape([N, 128, 7, 7])
        -> conv_transpose2d(64, kernel=4, stride=2)
        -> conv_transpose2d(1, kernel=4, stride=2) -> flatten -> reshape([N, 28, 28])
"""
    ),
    "block_stride": _model(
        """
    input x: float32[N, 3, 32, 32]
    output y = x -> residual(16) -> residual(32, stride=2)
""",
        """block residual(x, width: int, stride: int = 1) {
    main = x -> conv2d(width, kernel=3, stride=stride, padding=1) -> relu -> conv2d(width, kernel=3, padding=1)
    skip = x -> downsample: conv2d(width, kernel=1)
    return main + skip -> relu
}

""",
    ),
    "block_identity": _model(
        """
    input x: float32[N, 16, 32, 32]
    output y = x -> residual(16) -> residual(32, stride=2)
""",
        """block residual(x, width: int, stride: int = 1) {
    main = x -> conv2d(width, kernel=3, stride=stride, padding=1) -> relu -> conv2d(width, kernel=3, padding=1)
    return main + x -> relu
}

""",
    ),
    "dense_skip": _model(
        """
    input x: float32[N, 64]
    h = x -> dense(128) -> relu -> dense(128) -> relu
    output y = x + h
"""
    ),
    "sequence_skip": _model(
        """
    input x: float32[N, T, 64]
    output y = x + (x -> dense(128))
"""
    ),
    "loop": _model(
        """
    input x: float32[N, 3, 64, 64]
    output y = x -> for width in [16, 32, 64, 128, 256] { conv2d(width, kernel=3) -> relu -> max_pool2d(2) }
        -> flatten -> dense(10)
"""
    ),
    "stacked_lstm": _model(
        """
    input x: float32[N, T, 16]
    output y = x -> lstm(32, return_sequences=false) -> lstm(32, return_sequences=false) -> dense(2)
"""
    ),
    "early_global_pool": _model(
        """
    input x: float32[N, 3, 32, 32]
    output y = x -> conv2d(8, kernel=3) -> global_avg_pool2d -> conv2d(16, kernel=3) -> flatten -> dense(10)
"""
    ),
    "symbolic_flatten": _model(
        """
    input image: float32[N, 3, H, W]
    output y = image -> conv2d(32, kernel=3) -> relu -> flatten -> dense(10)
"""
    ),
    "softmax_axis": _model(
        """
    input image: float32[N, 3, 32, 32]
    output y = image -> conv2d(10, kernel=3) -> softmax
"""
    ),
    "pool_too_often": _model(
        """
    input x: float32[N, 3, 32, 32]
    h = x -> conv2d(16, kernel=3, padding=1) -> relu
    output y = h -> repeat(3) { conv2d(16, kernel=3) -> relu } -> max_pool2d(8)
        -> max_pool2d(8) -> flatten -> dense(10)
"""
    ),
    "channels_last_sum": _model(
        """
    input a: float32[N, 3, 32, 32]
    input b: float32[N, 32, 32, 3]
    output y = a + b
"""
    ),
    "inception": _model(
        """
    input x: float32[N, 16, 10, 10]
    a = x -> conv2d(8, kernel=1)
    b = x -> conv2d(8, kernel=3)
    c = x -> conv2d(8, kernel=5)
    d = x -> max_pool2d(3, stride=1)
    output y = concat(a, b, c, d)
"""
    ),
    "split_sizes": _model(
        """
    input x: float32[N, 3, 32, 32]
    h = x -> conv2d(16, kernel=3)
    a, b = h -> split([8, 9])
    output y = a
"""
    ),
    "autoencoder_dense": _model(
        """
    input x: float32[N, 784]
    e = x -> dense(64) -> relu
    d = e -> dense(700) -> sigmoid
    output loss = d - x
"""
    ),
    "squeeze": _model(
        """
    input x: float32[N, 3, 32, 32]
    h = x -> conv2d(16, kernel=3) -> squeeze(axis=[2, 3])
    output y = h
"""
    ),
    "group_norm": _model(
        """
    input x: float32[N, 30, 32, 32]
    output y = x -> group_norm(8) -> relu
"""
    ),
    "declared_image": _model(
        """
    input x: float32[N, 3, 32, 32]
    output y: float32[N, 3, 32, 32] = x -> conv2d(8, kernel=3) -> relu -> conv2d(3, kernel=3)
"""
    ),
    "library_unet": _model(
        """
    input image: float32[N, 3, 30, 30]
    a = image -> double_convolution(16)
    b = a -> unet_down(32)
    c = b -> unet_down(64)
    output y = c -> unet_up(b, 32) -> unet_up(a, 16)
""",
        'import unet_down, unet_up, double_convolution from "dotnn/unet"\n',
    ),
}
