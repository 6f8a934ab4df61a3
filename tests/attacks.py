"""Texts made to hang a compiler, to fill its memory or to crash it; used by tests and by ``benchmarks/fuzz_check.py``.

Each attack is a function without arguments that gives the bytes of one file. `full` sizes come close to the limit of
a source file, one megabyte; tests take the attacks at a fraction of their size.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator

Attack = Callable[[float], str | bytes]

#: Attacks by name: a function of the scale, 1 for the full size.
ATTACKS: dict[str, Attack] = {}

#: A file stays below this, the default limit of its size.
LARGEST = 990_000


def attack(function: Attack) -> Attack:
    """Register an attack under the name of its function."""
    ATTACKS[function.__name__] = function
    return function


def text_of(name: str, scale: float = 1.0) -> bytes:
    """The bytes of an attack, no more than a source file may have."""
    text = ATTACKS[name](scale)
    return (text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)[:LARGEST]


def model(*statements: str, image: str = "N, 8", head: str = "", output: str = "x") -> str:
    """A model of statements, with an input `x` and an output `y`."""
    body = "\n".join(f"    {one}" for one in statements)
    return f"{head}\nmodel attack() {{\n    input x: float32[{image}]\n{body}\n    output y = {output}\n}}\n"


def lines(form: str, count: float, **values: object) -> str:
    """`form` once for each number, which it has as `{i}`; `{{` is a brace."""
    return "\n".join(form.format(i=i, before=i - 1, **values) for i in range(1, int(count) + 1))


# --- numbers ----------------------------------------------------------------------------------------------------------


def _const(expression: str) -> str:
    return model(head=f"const n = {expression}", output="x -> dense(n)")


for _name, _expression in {
    "power_of_powers": "10 ** (10 ** 7)",
    "power_tower": "2 ** 2 ** 2 ** 2 ** 2 ** 2",
    "negative_power": "10 ** -(10 ** 60)",
    "negative_base": "(-7) ** (10 ** 9)",
    "root_of_negative": "(-7) ** 0.5",
    "zero_power": "0 ** -1",
    "float_power": "1e300 ** 1e300",
    "float_product": "1e300 * 1e300 - 1e300 * 1e300",
    "huge_float": "1e999",
    "tiny_float": "1e-999",
    "nan": "(1e308 * 10) / (1e308 * 10)",
    "int_over_float": "2 ** 255 / 1e-300",
    "int_to_float": "2 ** 255 + 0.5",
    "modulo_zero": "7 % 0",
    "float_modulo": "5.0 % 0.0",
    "floor_of_huge": "floor(1e308)",
    "ceil_of_huge": "ceil(-1e308) * ceil(1e308)",
    "range_of_billions": "range(10 ** 9)",
    "range_of_huge": "range(-2 ** 200, 2 ** 200, 1)",
    "range_backwards": "range(10 ** 9, 0, -1)",
    "len_of_range": "len(range(10 ** 18))",
    "sum_of_range": "sum(range(200_000)) + sum(range(200_000)) + sum(range(200_000))",
    "index_of_huge": "[1, 2, 3][2 ** 100]",
    "slice_of_huge": "[1, 2, 3][-(2 ** 62) : 2 ** 61]",
    "string_order": '"a" < 1',
    "list_of_types": "[float32, float32[N], zeros, relu, true]",
    "type_of_huge": "float32[2 ** 200, -1]",
    "compare_deep_lists": "[[[1]], 2] == [[[true]], 2.0]",
    "compare_lists_of_lists": "[1, [2]] == [[1], 2]",
    "bool_arithmetic": "true + 1 * false",
    "minus_string": '-"a"',
    "shift": "1 << 10 ** 9",
    "initializer_of_huge": "normal(std = 10 ** 60)",
    "initializer_of_list": "uniform(low = [1], high = zeros)",
    "initializer_negative": "truncated_normal(std = -1)",
}.items():
    ATTACKS[f"number_{_name}"] = lambda scale, expression=_expression: _const(expression)


@attack
def digits(scale: float) -> str:
    return _const("9" * int(900_000 * scale))


@attack
def digits_of_a_float(scale: float) -> str:
    return _const("0." + "123456789" * int(100_000 * scale))


@attack
def growing_by_multiplication(scale: float) -> str:
    return model(head="const n0 = 3\n" + lines("const n{i} = n{before} * n{before}", 60), output="x -> dense(n60)")


@attack
def doubling_lists(scale: float) -> str:
    return model(head="const n0 = [1]\n" + lines("const n{i} = n{before} + n{before}", 60), output="x -> reshape(n60)")


@attack
def doubling_strings(scale: float) -> str:
    return model(
        head='const n0 = "abcdefgh"\n' + lines("const n{i} = n{before} + n{before}", 60),
        output="x -> rnn(4, activation=n60)",
    )


@attack
def nested_shared_lists(scale: float) -> str:
    """2 to the 60 elements if they are ever walked through, sixty lists if they are not."""
    head = "const n0 = [1, 1]\n" + lines("const n{i} = [n{before}, n{before}]", 60)
    return model(
        "expect n60 == n60",
        "parameter p: float32[2] = n60",
        head=head + "\nconst t: float32[2, 2] = n60",
        output="x -> dense(8, weight=n60) -> reshape(n60)",
    )


@attack
def nested_shared_lists_compared(scale: float) -> str:
    head = "const a0 = [1, 1]\n" + lines("const a{i} = [a{before}, a{before}]", 60)
    head += "\nconst b0 = [1, 1]\n" + lines("const b{i} = [b{before}, b{before}]", 60)
    return model("expect a60 == b60", "expect a60 != b60", "expect a60 < b60", head=head)


@attack
def nested_shared_lists_shown(scale: float) -> str:
    head = "const n0 = [1, 1]\n" + lines("const n{i} = [n{before}, n{before}]", 60)
    return model("expect n60 == 1", head=head, output="x -> conv2d(8, kernel=n60) -> repeat(n60) { relu }")


@attack
def slices_of_slices(scale: float) -> str:
    return model(head="const n0 = range(150_000)\n" + lines("const n{i} = n{before}[1:]", 30_000 * scale))


@attack
def lists_of_numbers(scale: float) -> str:
    return _const("[" + "1," * int(190_000 * scale) + "]")


@attack
def longer_list_than_allowed(scale: float) -> str:
    return _const("[" + "1," * int(480_000 * scale) + "1]")


@attack
def literal_weight(scale: float) -> str:
    row = "[" + ",".join(["0.5"] * 1000) + "],"
    return model(output=f"x -> dense({int(230 * scale)}, weight=[{row * int(230 * scale)}])", image="N, 1000")


@attack
def literal_expanded(scale: float) -> str:
    head = lines("const t{i}: float32[1000, 1000] = {i}", 30_000 * scale)
    return model(head=head, output="x + t1 + t2 + t3 + t4 + t5 + t6")


@attack
def parameter_of_terabytes(scale: float) -> str:
    return model(
        "parameter p: float32[2 ** 40, 2 ** 40] = 1.5",
        "parameter q: float32[2 ** 40, 2 ** 40] = zeros",
        output="x + p + q",
    )


@attack
def parameter_filled(scale: float) -> str:
    return model(lines("parameter p{i}: float32[30_000, 10] = 1.5", 20_000 * scale))


# --- repetition -------------------------------------------------------------------------------------------------------


@attack
def repeat_a_billion(scale: float) -> str:
    return model(output="x -> repeat(10 ** 9) { relu }")


@attack
def repeat_labelled_a_billion(scale: float) -> str:
    return model(output="x -> l: repeat(10 ** 9) { relu }")


@attack
def repeat_nothing_a_billion(scale: float) -> str:
    return model(output="x -> repeat(10 ** 9) { repeat(0) { relu } }")


@attack
def repeat_a_huge_number(scale: float) -> str:
    return model(output="x -> repeat(10 ** 70) { relu }")


@attack
def loops_in_loops(scale: float) -> str:
    return model(output="x -> " + "repeat(1000) { " * 20 + "relu" + " }" * 20)


@attack
def labelled_loops_in_loops(scale: float) -> str:
    return model(output="x -> " + "a: repeat(1000) { " * 20 + "relu" + " }" * 20)


@attack
def for_over_large_lists(scale: float) -> str:
    return model(output="x -> for i in range(100_000) { for j in range(100_000) { {i}: relu } }")


@attack
def exponential_blocks(scale: float) -> str:
    blocks = lines("block b{i}(x) {{ return x -> b{before} -> b{before} }}", 60)
    return model(head="block b0(x) { return x -> relu }\n" + blocks, output="x -> b60")


@attack
def exponential_empty_blocks(scale: float) -> str:
    blocks = lines("block b{i}(x) {{ return x -> b{before} -> b{before} }}", 60)
    return model(head="block b0(x) { return x }\n" + blocks, output="x -> b60")


@attack
def exponential_values(scale: float) -> str:
    """Values that blocks hand back, each asked for twice."""
    blocks = lines("block b{i}(n: int) {{ a, b = b{before}(n)\n c, d = b{before}(n + 1)\n return a + c, d }}", 60)
    return model(head="block b0(n: int) { return n, n }\n" + blocks, output="x -> dense(b60(1))")


@attack
def exponential_failures(scale: float) -> str:
    """The same mistake, reached in two to the sixty ways."""
    blocks = lines("block b{i}(x) {{ return x -> b{before} -> b{before} }}", 60)
    return model(head="block b0(x) { return x -> unknown -> dense }\n" + blocks, output="x -> b60")


@attack
def failing_block_called_often(scale: float) -> str:
    return model(
        head="block b(x, n: int) { return x -> dense(n, units=n) -> conv2d(8, kernel=n - 10) -> nothing }",
        output="x -> for i in range(100_000) { b(i) }",
    )


@attack
def mutual_recursion(scale: float) -> str:
    return model(
        head="block a(x) { return x -> b }\nblock b(x) { return x -> a }\nconst p = q\nconst q = p", output="x -> a"
    )


@attack
def chain_of_blocks(scale: float) -> str:
    blocks = lines("block b{i}(x) {{ return x -> relu -> b{before} }}", 190)
    return model(head="block b0(x) { return x -> relu }\n" + blocks, output="x -> repeat(300) { b190 }")


@attack
def chain_of_consts(scale: float) -> str:
    count = int(30_000 * scale)
    return model(head="const n0 = 8\n" + lines("const n{i} = n{before} + 1", count), output=f"x -> dense(n{count})")


@attack
def chain_of_blocks_too_long(scale: float) -> str:
    count = int(15_000 * scale)
    blocks = lines("block b{i}(x) {{ return x -> b{before} }}", count)
    return model(head="block b0(x) { return x -> relu }\n" + blocks, output=f"x -> b{count}")


@attack
def reuse_chain(scale: float) -> str:
    stages = lines("-> l{i}: reuse(l{before})", 25_000 * scale)
    return model(output="x -> l0: dense(8) " + stages)


@attack
def reuse_doubling(scale: float) -> str:
    stages = lines("-> l{i}: {{ reuse(l{before}) -> reuse(l{before}) }}", 60)
    return model(output="x -> l0: dense(8) " + stages)


@attack
def reuse_of_loops(scale: float) -> str:
    return model(output="x -> a: repeat(100) { b: repeat(50) { dense(8) } } " + "-> reuse(a) " * 1000)


@attack
def reuse_of_nothing(scale: float) -> str:
    return model(lines("a{i} = x -> layer_{i}: dense(8)\nb{i} = x -> reuse(laier_{i})", 8_000 * scale))


# --- graphs -----------------------------------------------------------------------------------------------------------


def _network(stage: str, count: float, image: str = "N, 8") -> str:
    return model(output="x " + f"-> {stage} " * int(count), image=image)


for _name, _stage, _image in (
    ("relu", "relu", "N, 8"),
    ("dense", "dense(8)", "N, 8"),
    ("convolution", "conv2d(8, kernel=3, padding=1)", "N, 8, H, W"),
    ("pooling", "max_pool2d(3, stride=1, padding=1)", "N, 8, H, W"),
    ("shrinking", "conv2d(8, kernel=3)", "N, 8, H, W"),
    ("halving", "conv2d(8, kernel=3, stride=2, padding=1)", "N, 8, H, W"),
    ("flatten", "reshape([N, 2, 4]) -> flatten", "N, 8"),
    ("lstm", "lstm(8, layers=8, bidirectional=true, merge=\"sum\")", "N, T, 8"),
    ("batch_norm", "batch_norm", "N, 8, H, W"),
    ("flip", "flip(axis=1)", "N, 8"),
):
    ATTACKS[f"many_{_name}"] = lambda scale, stage=_stage, image=_image: _network(
        f"repeat({int(50_000 * scale) // 2}) {{ {stage} }} -> repeat({int(50_000 * scale)}) {{ {stage} }}", 1, image
    )
    ATTACKS[f"written_{_name}"] = lambda scale, stage=_stage, image=_image: _network(
        stage, scale * 900_000 // (len(stage) + 5), image
    )


@attack
def many_additions(scale: float) -> str:
    return model(output="x" + " + x" * int(200_000 * scale))


@attack
def many_bindings(scale: float) -> str:
    return model("a0 = x", lines("a{i} = a{before} + a0 * {i}", 35_000 * scale))


@attack
def doubled_sums(scale: float) -> str:
    return model("a0 = x", lines("a{i} = a{before} + a{before}", 35_000 * scale))


@attack
def one_to_all(scale: float) -> str:
    names = ", ".join(f"a{i}" for i in range(1, int(15_000 * scale)))
    return model(lines("a{i} = x -> relu", 15_000 * scale), output=f"concat({names}, axis=1)")


@attack
def wide_concat(scale: float) -> str:
    return model(output="concat(" + "x, " * int(150_000 * scale) + "axis=1)")


@attack
def concats_of_symbols(scale: float) -> str:
    inputs = lines("input i{i}: float32[N, S{i}]", 2_000 * scale)
    names = ", ".join(f"i{i}" for i in range(1, int(2_000 * scale)))
    return model(inputs, output=f"concat({names}, axis=1)")


@attack
def growing_concats(scale: float) -> str:
    return model("a0 = x", lines("a{i} = concat(a{before}, x, a{before}, axis=1)", 15_000 * scale))


@attack
def splits(scale: float) -> str:
    return model(output="x -> split(10 ** 9)", image="N, 10 ** 9")


@attack
def splits_listed(scale: float) -> str:
    return model("p = range(1, 100_000)", output="x -> split(p)", image="N, 10 ** 9")


@attack
def expectations(scale: float) -> str:
    metrics = "expect macs >= 0 expect params >= 0 expect weights_bytes >= 0 expect longest_path >= 0"
    metrics += " expect peak_activation_bytes >= 0 expect receptive_field(y) >= 0\n"
    return model("y2 = x -> repeat(10_000) { dense(8) }", metrics * int(6_000 * scale))


@attack
def receptive_fields(scale: float) -> str:
    fields = lines("a{i} = a{before} -> conv2d(8, kernel=3, padding=1)\nexpect receptive_field(a{i}) >= 0", 8_000 * scale)
    return model("a0 = x", fields, image="N, 8, H, W")


@attack
def expectations_of_symbolic_peaks(scale: float) -> str:
    return model(
        "a = x -> repeat(3_000) { conv2d(8, kernel=3, stride=1, padding=1) -> relu }",
        "b = x -> repeat(3) { conv2d(16, kernel=3, stride=2, padding=1) -> max_pool2d(3, stride=2) }",
        "expect peak_activation_bytes <= 8M\n" * 500,
        "expect macs <= 8M\n" * 500,
        image="N, 8, H, W",
    )


@attack
def expectations_of_lists(scale: float) -> str:
    return model("expect range(150_000) == range(150_000)\n" * int(20_000 * scale))


@attack
def failing_expectations(scale: float) -> str:
    return model(lines("expect params == {i}", 30_000 * scale), "z = x -> repeat(10_000) { dense(8) }")


@attack
def failing_shapes(scale: float) -> str:
    """Each shows the way to it."""
    return model(
        "z = x -> repeat(10_000) { conv2d(8, kernel=3, padding=1) -> max_pool2d(2, stride=1) }",
        lines("expect z.shape == [{i}]", 30_000 * scale),
        image="N, 8, 50_000, 50_000",
    )


@attack
def freezes(scale: float) -> str:
    return model(lines("freeze l{i}", 20_000 * scale), output="x " + lines("-> l{i}: dense(8)", 20_000 * scale))


@attack
def freezes_of_nothing(scale: float) -> str:
    return model(lines("freeze k{i}", 20_000 * scale), output="x " + lines("-> l{i}: dense(8)", 20_000 * scale))


@attack
def long_labels(scale: float) -> str:
    label = ".".join("abcdefgh"[i % 8] for i in range(400))
    return model(output="x " + lines("-> " + label + "{i}: dense(8)", 1_100 * scale))


@attack
def very_long_label(scale: float) -> str:
    return model("freeze " + "a." * int(240_000 * scale) + "a", output="x -> " + "a." * int(240_000 * scale) + "a: relu")


@attack
def deep_labels(scale: float) -> str:
    return model(output="x -> " + "aaaaaaaa: { " * 190 + "repeat(10_000) { dense(8) }" + " }" * 190)


@attack
def equal_names(scale: float) -> str:
    return model(lines("a{i}.b: float32 = x -> a.b: dense(8)", 10_000 * scale), lines("c{i} = x -> a.b: relu", 10_000 * scale))


@attack
def names_around_labels(scale: float) -> str:
    return model(output="x " + lines("-> dense_{i}: dense(8) -> dense(8)", 18_000 * scale))


@attack
def full_name_clashes(scale: float) -> str:
    return model(output="x " + lines("-> a{i}: {{ b: dense(8) }} -> a{i}.b: dense(8)", 10_000 * scale))


@attack
def constants_named_alike(scale: float) -> str:
    return model("a0 = x", lines("a{i} = a{before} * 0.{i}", 35_000 * scale))


@attack
def many_outputs(scale: float) -> str:
    return model(lines("output o{i} = x", 35_000 * scale))


@attack
def many_inputs(scale: float) -> str:
    return model(lines("input i{i}: float32[N, S{i}]", 25_000 * scale), output="x")


@attack
def many_models(scale: float) -> str:
    return lines("model m{i}() {{ input x: float32[N] output y = x -> relu }}", 15_000 * scale)


@attack
def many_large_models(scale: float) -> str:
    """Each within the limits, all of them not."""
    form = "model m{i}() {{ input x: float32[N, 8] output y = x -> repeat(45_000) {{ relu }} }}"
    return lines(form, 10_000 * scale)


@attack
def many_models_without_output(scale: float) -> str:
    return lines("model m{i}() {{ a = range(100_000) }}", 25_000 * scale)


@attack
def many_blocks(scale: float) -> str:
    blocks = lines("block b{i}(x) {{ return x -> relu }}", 20_000 * scale)
    return model(head=blocks, output="x -> " + " -> ".join(f"b{i}" for i in range(1, int(15_000 * scale))))


@attack
def many_formals(scale: float) -> str:
    count = int(20_000 * scale)
    formals = ", ".join(f"a{i}: int = {i}" for i in range(count))
    arguments = ", ".join(f"a{i}={i}" for i in range(count))
    return model(head=f"block b(x, {formals}) {{ return x }}", output=f"x -> b({arguments})")


@attack
def many_unknown_arguments(scale: float) -> str:
    return model(output="x -> dense(8, " + ", ".join(f"unit{i}=1" for i in range(int(60_000 * scale))) + ")")


@attack
def many_definitions_alike(scale: float) -> str:
    return "const n = 1\n" * int(80_000 * scale) + model(output="x -> dense(n)")


@attack
def unknown_layers(scale: float) -> str:
    return model(output="x " + lines("-> comv{i}", 80_000 * scale))


@attack
def unknown_names(scale: float) -> str:
    return model(lines("b{i} = unknown_thing_{i}", 25_000 * scale))


@attack
def unknown_names_among_many(scale: float) -> str:
    return model(lines("binding_{i} = x\nother_{i} = bimding_{i} + 1", 12_000 * scale))


@attack
def unknown_symbols(scale: float) -> str:
    return model(lines("input z{i}: float32[N, AB{i}]\nexpect AC{i} == 1", 15_000 * scale))


@attack
def unknown_types(scale: float) -> str:
    return model(lines("a{i}: floot{i} = x", 30_000 * scale))


@attack
def unused_bindings(scale: float) -> str:
    return model(lines("a{i} = 1", 60_000 * scale))


@attack
def missing_imports(scale: float) -> str:
    return lines('import a{i} from "missing/{i}.nn"', 25_000 * scale) + model(output="x -> a1")


@attack
def imports_of_names(scale: float) -> str:
    names = ", ".join(f"a{i}" for i in range(int(100_000 * scale)))
    return f'import {names} from "no.nn"\n' + model(output="x" + "".join(f" -> a{i}" for i in range(1000)))


# --- symbolic dimensions ----------------------------------------------------------------------------------------------


@attack
def powers_of_a_dimension(scale: float) -> str:
    return model("a0 = x.shape[1]", lines("a{i} = a{before} * a{before}", 100), image="N, H", output="x -> expand([1, a100])")


@attack
def sums_of_products(scale: float) -> str:
    steps = lines("a{i} = (a{before} + b{before}) * c\nb{i} = (a{before} - c) * (b{before} + {i})", 60)
    return model("a0 = x.shape[1]", "b0 = x.shape[2]", "c = x.shape[3]", steps, image="N, H, W, C")


@attack
def quotients_of_dimensions(scale: float) -> str:
    steps = lines("a{i} = (a{before} + b{before}) // b{before} + 1\nb{i} = (b{before} * 3 + a{before}) // a{before}", 60)
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
    steps = lines(f"a{{i}} = max({names}) + {{i}}\nb{{i}} = min({names}) // a{{i}}", 2_000 * scale)
    return model(inputs, steps, lines("expect a{i} > b{i}", 2_000 * scale))


@attack
def undecided_comparisons(scale: float) -> str:
    steps = lines(
        "expect (x.shape[2] + {i}) // 3 * 7 >= (x.shape[3] * 5 - {i}) // 2 + max(x.shape[2], x.shape[3] // {i})",
        10_000 * scale,
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
    return model(
        "z = x -> flatten(start=0)", "w = x -> reshape([-1, 1])", "expect macs == 1", image=", ".join(names)
    )


@attack
def sum_of_symbols(scale: float) -> str:
    inputs = lines("input i{i}: float32[S{i}]", 1_000)
    total = " + ".join(f"i{i}.shape[0]" for i in range(1, 1_000))
    return model(inputs, f"n = {total}", "m = n * n", "k = sum([n, n, n])")


@attack
def huge_known_dimensions(scale: float) -> str:
    return model(
        output="x -> reshape([2 ** 39, 2 ** 39, -1]) -> expand([2 ** 40, 2 ** 40, 2 ** 40]) -> flatten(start=0) -> dense(10 ** 9)",
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
    return model(output="x " + '-> conv2d(8, kernel=3, stride=2, padding="same") ' * int(10_000 * scale), image="N, 8, H, W")


# --- brackets, words and characters -----------------------------------------------------------------------------------

_OPENINGS = {
    "parentheses": ("(", "1", ")"),
    "lists": ("[", "1", "]"),
    "calls": ("max(", "1", ")"),
    "indices": ("a[", "1", "]"),
    "minus": ("-", "1", ""),
    "not": ("not ", "true", ""),
    "powers": ("2 ** ", "2", ""),
    "conditions": ("if true { ", "1", " } else { 1 }"),
    "else_if": ("if false { 1 } else ", "if true { 1 } else { 2 }", ""),
    "pipelines": ("(x -> relu -> dense(", "1", "))"),
    "sums": ("1 + ", "1", ""),
    "attributes": ("", "x", ".shape"),
    "comparisons": ("1 == ", "1", ""),
}
for _name, (_opening, _middle, _closing) in _OPENINGS.items():
    for _part, _closed in (("open", False), ("closed", True)):
        ATTACKS[f"deep_{_name}_{_part}"] = lambda scale, o=_opening, m=_middle, c=_closing, closed=_closed: (
            f"const n = {o * (count := int(scale * 450_000) // max(len(o), len(c)))}{m}{c * count if closed else ''}"
        )
_GROUPS = {
    "groups": ("{ ", "relu", " }"),
    "labels": ("a: { ", "relu", " }"),
    "loops": ("for i in [1] { ", "relu", " }"),
    "repeats": ("repeat(1) { ", "relu", " }"),
    "computed_labels": ("{", "1", "}"),
}
for _name, (_opening, _middle, _closing) in _GROUPS.items():
    for _part, _closed in (("open", False), ("closed", True)):
        ATTACKS[f"deep_{_name}_{_part}"] = lambda scale, o=_opening, m=_middle, c=_closing, closed=_closed: model(
            output=f"x -> {o * (count := int(scale * 450_000) // len(o))}{m}{c * count if closed else ''}"
        )

_WORDS = (
    "model", "block", "input", "x", "->", "{", "}", "(", ")", "[", "]", ",", ":", "=", "a:", "a.", "a = b\n", "1", "1.5",
    '"', '"a"', "\\", "#", "##", "\n", "\r", "\r\n", " ", "\t", "_", ".", "-", "+", "*", "**", "==", "!=", "!", "?", ";",
    "import a from \"b\"\n", "const a = 1\n", "block b(x) { return x }\n", "model m() {\n", "expect 1 == 1\n", "if", "else",
    "for", "repeat(2) {", "reuse(a)", "a ->", "-> a:", "-> {", "{a}", "{ {", "a = {", "é", "\u202e", "e\u0301", "😀",
    "\ufeff", "\0", "1_", "1__0", "0x10", "1e", "1K", "//", "/*", "'", "`", "@", "$", "%", "&", "|", "~", "^", "<", ">",
    "return x\n", "output y = x\n", "a, ", "a[", "a(b=", "a={", "True", "None", "and", "not", "\u2028", "\u00a0", "λ",
)  # fmt: skip
for _number, _word in enumerate(_WORDS):
    for _place, _head in (("alone", ""), ("body", "model m() { "), ("value", "const a = "), ("stage", "model m() { a = x -> ")):
        ATTACKS[f"only_{_number}_{_place}"] = lambda scale, word=_word, head=_head: (
            head + word * int(scale * LARGEST / len(word.encode()))
        )
        ATTACKS[f"spaced_{_number}_{_place}"] = lambda scale, word=_word, head=_head: (
            head + (word + " ") * int(scale * 200_000)
        )


@attack
def comments(scale: float) -> str:
    return "## a\n# b\n" * int(90_000 * scale)


@attack
def documented(scale: float) -> str:
    return model(output="x " + "-> ## a\n ## b\n relu # c\n" * int(35_000 * scale))


@attack
def one_line(scale: float) -> str:
    return model(output="x" + " -> relu" * int(80_000 * scale)).replace("\n", " ")


@attack
def mistakes_on_one_line(scale: float) -> str:
    return "model m() { " + "a = = b " * int(100_000 * scale)


@attack
def mistakes(scale: float) -> str:
    return model(lines("a{i} = x -> -> relu(", 40_000 * scale))


@attack
def mistakes_in_items(scale: float) -> str:
    return lines("model m{i}( {{ input x output y = ] }}", 25_000 * scale)


@attack
def unterminated_strings(scale: float) -> str:
    return lines('const a{i} = "abc', 50_000 * scale)


@attack
def escapes(scale: float) -> str:
    return 'const a = "' + "\\u{41}\\n" * int(100_000 * scale) + '"'


@attack
def unknown_escapes(scale: float) -> str:
    return lines('const a{i} = "\\q"', 50_000 * scale)


@attack
def carriage_returns(scale: float) -> str:
    return lines("const a{i} = 1\r", 50_000 * scale).replace("\n", "")


@attack
def long_names(scale: float) -> str:
    name = "n" * int(300_000 * scale)
    return model(f"{name} = x", f"z = {name}x", output=f"{name} -> {name}: relu")


@attack
def long_names_alike(scale: float) -> str:
    names = [f"{'abcdefghij' * 7}{i}" for i in range(int(5_000 * scale))]
    return model(*(f"{one} = x" for one in names), *(f"z{one} = q{one}" for one in names))


@attack
def label_braces(scale: float) -> str:
    return model(output="x -> " + "{" + "1 + " * int(200_000 * scale) + "1}: relu")


@attack
def many_label_braces(scale: float) -> str:
    return model(output="x -> " + "a{1}" * int(200_000 * scale) + ": relu")


@attack
def label_without_colon(scale: float) -> str:
    return model(output="x -> " + "a{1}" * int(200_000 * scale) + " relu")


@attack
def groups_in_a_row(scale: float) -> str:
    return model(output="x -> {" + " { relu } -> " * int(60_000 * scale) + "relu }")


def _random_bytes(scale: float) -> bytes:
    return random.Random(1).randbytes(int(LARGEST * scale))


def _random_words(scale: float, seed: int) -> str:
    source = random.Random(seed)
    return " ".join(source.choices(_WORDS, k=int(150_000 * scale)))


def _random_characters(scale: float) -> str:
    return "".join(random.Random(3).choices(string.printable, k=int(900_000 * scale)))


ATTACKS["random_bytes"] = _random_bytes
ATTACKS["random_characters"] = _random_characters
for _seed in range(4):
    ATTACKS[f"random_words_{_seed}"] = lambda scale, seed=_seed: _random_words(scale, seed)
ATTACKS["utf16"] = lambda scale: model(output="x").encode("utf-16")
ATTACKS["utf32"] = lambda scale: model(output="x").encode("utf-32")
ATTACKS["latin1"] = lambda scale: "# é\n".encode("latin-1") * int(200_000 * scale)
ATTACKS["surrogates"] = lambda scale: "\ud800" * int(300_000 * scale)
ATTACKS["byte_order_marks"] = lambda scale: "\ufeff" * 1000 + model(output="x")
ATTACKS["two_megabytes"] = lambda scale: b"# " + b"a" * 2_000_000
ATTACKS["nothing"] = lambda scale: b""


def prefixes(text: str, step: int = 1) -> Iterator[str]:
    """The beginnings of a text."""
    return (text[:end] for end in range(0, len(text), step))
