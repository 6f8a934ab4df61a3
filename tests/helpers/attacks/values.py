"""Numbers, strings and lists that grow."""

from __future__ import annotations

from .catalogue import ATTACKS, attack, lines, model


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
    head = lines("const t{i}: float32[1000, 1000] = {i}", 20_000 * scale)
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
