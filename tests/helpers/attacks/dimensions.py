"""Symbolic dimensions that become large."""

from __future__ import annotations

from .catalogue import attack, lines, model


@attack
def powers_of_a_dimension(scale: float) -> str:
    return model(
        "a0 = x.shape[1]", lines("a{i} = a{before} * a{before}", 100), image="N, H", output="x -> expand([1, a100])"
    )


@attack
def sums_of_products(scale: float) -> str:
    steps = lines("a{i} = (a{before} + b{before}) * c\nb{i} = (a{before} - c) * (b{before} + {i})", 60)
    return model("a0 = x.shape[1]", "b0 = x.shape[2]", "c = x.shape[3]", steps, image="N, H, W, C")


@attack
def quotients_of_dimensions(scale: float) -> str:
    steps = lines(
        "a{i} = (a{before} + b{before}) // b{before} + 1\nb{i} = (b{before} * 3 + a{before}) // a{before}", 60
    )
    return model("a0 = x.shape[1]", "b0 = x.shape[2]", steps, image="N, H, W, C")


@attack
def mixed_extrema(scale: float) -> str:
    steps = lines(
        "a{i} = max(a{before} // 3, b{before} - {i}, c)\nb{i} = min(b{before} + a{before} // 5, 7 * c, a{i} * 2)", 40
    )
    return model("a0 = x.shape[1]", "b0 = x.shape[2]", "c = x.shape[3]", steps, image="N, H, W, C")


@attack
def many_extrema(scale: float) -> str:
    inputs = lines("input i{i}: float32[N, S{i}]", 200)
    names = ", ".join(f"i{i}.shape[1] // {i}" for i in range(1, 200))
    return model(inputs, f"a = max({names})", f"b = min({names})", lines("c{i} = max(a, b, {i})", 500))


@attack
def small_extrema(scale: float) -> str:
    inputs = lines("input i{i}: float32[N, S{i}]", 15)
    names = ", ".join(f"(i{i}.shape[1] + i{16 - i}.shape[1]) // {i + 1}" for i in range(1, 15))
    steps = lines(f"a{{i}} = max({names}) + {{i}}\nb{{i}} = min({names}) // a{{i}}", 500 * scale)
    return model(inputs, steps, lines("expect a{i} > b{i}", 500 * scale))


@attack
def extrema_in_loops(scale: float) -> str:
    block = (
        "block f(x, i: int) { a = max(x.shape[2] // 3, x.shape[3] - i)\n"
        " b = min(a * a + i, x.shape[2] * 7 // (i + 1))\n"
        " c = if i > 10 ** 9 { max(a * b // 5, b * b - a, a + i) } else { max(a // (i + 1), b) }\n"
        " expect c >= a - b * i\n return x }"
    )
    return model(head=block, output="x -> for i in range(10_000) { f(i) }", image="N, C, H, W")


@attack
def undecided_comparisons(scale: float) -> str:
    steps = lines(
        "expect (x.shape[2] + {i}) // 3 * 7 >= (x.shape[3] * 5 - {i}) // 2 + max(x.shape[2], x.shape[3] // {i})",
        5_000 * scale,
    )
    return model(steps, image="N, C, H, W")


@attack
def odd_strides(scale: float) -> str:
    form = "-> conv2d(8, kernel={k}, stride={s}, padding={p}) -> max_pool2d({q}, stride={s}, ceil=true) "
    forms = [form.format(k=2 * i % 7 + 1, s=i % 3 + 1, p=i % 2, q=i % 4 + 1) for i in range(200)]
    return model(output="x " + "".join(forms), image="N, 8, H, W")


@attack
def odd_strides_added(scale: float) -> str:
    stages = lines(
        "a{i} = a{before} -> conv2d(8, kernel=3, stride=2) -> max_pool2d(3, stride=3, ceil=true)\n"
        "b{i} = a{before} -> max_pool2d(2, ceil=true) -> conv2d(8, kernel=5, stride=3)\nc{i} = a{i} + b{i}",
        20,
    )
    return model("a0 = x", stages, image="N, 8, H, W")


@attack
def pooled_and_concatenated(scale: float) -> str:
    stages = lines(
        "a{i} = concat(a{before}, a{before} -> max_pool2d(2, ceil=true) -> conv2d(8, kernel=3, padding=1), axis=2)", 200
    )
    return model("a0 = x", stages, image="N, 8, H, W")


@attack
def reshapes_of_symbols(scale: float) -> str:
    stages = "-> reshape([-1]) -> reshape([N, H * W, C]) -> reshape([C * N, -1]) -> reshape([N, C, H, W])"
    return model(output="x " + stages * int(8_000 * scale), image="N, C, H, W")


@attack
def reshape_loops(scale: float) -> str:
    return model(
        output="x -> repeat(12_000) { reshape([N, H * W, C]) -> transpose([0, 2, 1]) -> reshape([N, C, H, W]) }",
        image="N, C, H, W",
    )


@attack
def flattened_conv_sizes(scale: float) -> str:
    stages = "-> conv2d(8, kernel=3, stride=2) -> max_pool2d(3, stride=2, ceil=true) " * 6
    return model(
        "z = x " + stages + "-> flatten",
        "w = z -> reshape([N, 8, z.shape[1] // 8])",
        "expect peak_activation_bytes == 1",
        "expect macs == 1",
        image="N, 8, H, W",
    )


@attack
def many_symbols(scale: float) -> str:
    names = [f"S{i}" for i in range(300)]
    return model("z = x -> flatten(start=0)", "w = x -> reshape([-1, 1])", "expect macs == 1", image=", ".join(names))


@attack
def sum_of_symbols(scale: float) -> str:
    inputs = lines("input i{i}: float32[S{i}]", 1_000)
    total = " + ".join(f"i{i}.shape[0]" for i in range(1, 1_000))
    return model(inputs, f"n = {total}", "m = n * n", "k = sum([n, n, n])")


@attack
def huge_known_dimensions(scale: float) -> str:
    return model(
        "a = x -> reshape([2 ** 39, 2 ** 39, -1])",
        "b = x -> expand([2 ** 40, 2 ** 40, 2 ** 40])",
        output="x -> flatten(start=0) -> dense(10 ** 9)",
        image="2 ** 40, 2 ** 40, 2 ** 40",
    )


@attack
def huge_layers(scale: float) -> str:
    return model(
        "a = x -> conv2d(2 ** 31, kernel=2 ** 20, padding=2 ** 21, dilation=2 ** 12) -> max_pool2d(2 ** 10)",
        "b = x -> dense(10 ** 9) -> dense(10 ** 9) -> lstm(10 ** 9)",
        "c = x -> conv2d(2 ** 31, kernel=10 ** 60, stride=10 ** 60, padding=10 ** 70, groups=10 ** 9)",
        "d = x -> lstm(5, layers=10 ** 9) -> gru(10 ** 20, layers=10 ** 6, bidirectional=true)",
        "e = x -> local_response_norm(10 ** 70) -> dropout(10 ** 70) -> leaky_relu(slope=10 ** 300)",
        "f = x -> flatten(start=10 ** 20) -> unsqueeze(axis=range(100_000)) -> transpose(range(100_000))",
        "g = x -> embedding(10 ** 60, dim=10 ** 60) -> sum_pool2d(10 ** 9, stride=1, padding=10 ** 8)",
        "h = x[10 ** 20, -(10 ** 18) : 10 ** 18, 2 ** 61]",
        image="N, 8, 10 ** 9, H",
    )


@attack
def many_layers_in_one(scale: float) -> str:
    return model(output="x -> lstm(8, layers=10 ** 6, bidirectional=true)", image="N, T, 8")


@attack
def same_padding(scale: float) -> str:
    return model(
        output="x " + '-> conv2d(8, kernel=3, stride=2, padding="same") ' * int(10_000 * scale), image="N, 8, H, W"
    )
