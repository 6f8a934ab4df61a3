"""Compile-time values, and the arithmetic with them."""

from __future__ import annotations

import pytest

from tests.helpers.language import (
    faults_of,
    model,
    names,
)

IMAGE = "float32[N, 3, H, W]"


def holds(condition: str, *, head: str = "", image: str = IMAGE) -> bool:
    """Whether a condition is decided, and true."""
    return names(f"output y = if {condition} {{ x -> relu }} else {{ x -> tanh }}", head=head, image=image) == ["relu"]


@pytest.mark.parametrize(
    "condition",
    [
        # Numbers and their suffixes.
        "61_482 == 61482",
        "5K == 5_000 and 2M == 2_000_000 and 3G == 3_000_000_000",
        "1e-3 == 0.001 and 0.5 == 1 / 2",
        # `/` of two ints is a float, `//` an int that is rounded down.
        "7 / 2 == 3.5 and 7 // 2 == 3 and -7 // 2 == -4 and -7 % 3 == 2 and 7.5 // 2 == 3",
        "2 ** 3 ** 2 == 512 and -2 ** 2 == -4 and 2 ** -1 == 0.5",
        "1 + 2 * 3 - 4 // 2 == 5",
        "1 == 1.0 and 1 < 1.5 and not 2 <= 1 and 3 >= 3 and 3 > 2 and 3 != 4",
        # Logic stops as soon as the answer is known.
        "not false and (true or 1 // 0 == 1) and not (false and 1 // 0 == 1)",
        # Strings and lists.
        '"a" + "b" == "ab" and "a" < "b" and "a" != "b"',
        "[1, 2] + [3] == [1, 2, 3] and [] != [1] and [1, [2, 3]][1][0] == 2",
        "[1, 2, 3][-1] == 3 and [1, 2, 3][1:] == [2, 3] and [1, 2, 3][:-1] == [1, 2] and [1, 2, 3][:] == [1, 2, 3]",
        "[1, 2, 3][5:] == [] and [1, 2,] == [1, 2]",
        "[1, 2] == [1.0, 2.0] and [[1], [2, 3]] == [[1], [2, 3]] and [[1]] != [[2]]",
        '"same" == "same"',
        # Functions.
        "range(3) == [0, 1, 2] and range(1, 3) == [1, 2] and range(5, 0, -2) == [5, 3, 1] and range(0) == []",
        "len([1, 2]) == 2 and len([]) == 0 and len(x.shape) == 4",
        "min(3, 1, 2) == 1 and max([3, 5]) == 5 and max(1, 2.5) == 2.5 and sum([1, 2.5]) == 3.5 and sum([]) == 0",
        "ceil(3.2) == 4 and floor(3.8) == 3 and ceil(-3.2) == -3 and floor(-3.2) == -4",
        "ceil(5 / 2) == 3 and floor(5 / 2) == 2 and ceil(2) == 2",
        "abs(-3) == 3 and abs(2.5) == 2.5 and sqrt(16) == 4 and sqrt(2) == 2 ** 0.5 and sqrt(0) == 0",
        "exp(0) == 1 and exp(1) == 2.718281828459045 and exp(-800) == 0 and exp(709.5) > 1e308",
        "log(1) == 0 and log(10) == 2.302585092994046 and log(2 ** 100) > 69.3 and log(0.5) == -log(2)",
        "abs(H) == H and abs(-H) == H and abs(3 - H) == abs(H - 3) and abs(H - 2 * H) == H",
        "max([-1, abs(-4)]) == 4 and [16, 32][floor(sqrt(2))] == 32 and 4 // 2 == floor(sqrt(4))",
        # Attributes of tensors.
        "x.shape == [N, 3, H, W] and x.rank == 4 and x.dtype == float32 and x.channels == 3 and x.shape[-1] == W",
        "x.shape[2:] == [H, W] and x.shape[1] == x.channels",
        # Types and initializers are values too.
        "float32[N, 3] == float32[N, 3] and float32[N, 3] != float32[3, N] and float32 != float16",
        "he_normal == he_normal and normal(std=0.02) == normal(std=0.02) and normal != ones",
        # Dimensions.
        "H == H and H + 1 > H and H >= 1 and H != H + 1 and 2 * H == H + H",
        "(H + 1) // 2 == ceil(H / 2) and floor(H / 2) == H // 2 and (2 * H) // 2 == H and (2 * H) % 2 == 0",
        "sum(x.shape[2:]) == H + W and min(H, H + 1) == H and max(H, 1) == H and -H < 0 and H ** 2 == H * H",
        "x.shape != [N, 3, H, W, 1] and x.shape != [N, 4, H, W]",
        "ceil(H) == H and floor(H + 1) == H + 1",
    ],
)
def test_values(condition: str) -> None:
    assert holds(condition)


@pytest.mark.parametrize(
    ("expression", "code", "words"),
    [
        # Values of different kinds.
        ("true + 1", "E308", "a bool and an int"),
        ('"a" * 3', "E308", "a string and an int"),
        ("[1] * 3", "E308", "a list and an int"),
        ("-true", "E308", "a bool"),
        ("-[1]", "E308", "a list"),
        ("not 1", "E308", "an int"),
        ("true and 1", "E308", "an int"),
        ("1 < true", "E308", "an int and a bool"),
        ('"a" < 1', "E308", "a string and an int"),
        ("[1] < [2]", "E308", "a list and a list"),
        ("1 == true", "E308", "an int and a bool"),
        ('[1] == ["a"]', "E308", "an int and a string"),
        ('x.dtype == "float32"', "E308", "an element type and a string"),
        ("x == x", "E308", "a tensor and a tensor"),
        ("[x] == [x]", "E308", "a tensor and a tensor"),
        ("x < 3", "E308", "a tensor"),
        ("x % 2", "E308", "a tensor"),
        ("x // 2", "E308", "a tensor"),
        ("2 @ 3", "E308", "an int and an int"),
        ("H @ 3", "E308", "a symbolic dimension"),
        ("[[1]] @ [[1]]", "E308", "a list"),
        ("x and true", "E308", "a tensor"),
        # Dimensions.
        ("H * 0.5", "E308", "a symbolic dimension and a float"),
        ("H / 2 + 1", "E308", "a quotient of dimensions"),
        ("H / 2 == 3", "E308", "a quotient of dimensions"),
        ("H / 2 < 3", "E308", "a quotient of dimensions"),
        ("max(H, 0.5)", "E308", "a float"),
        ("H ** -1", "E309", "power"),
        ("H // 0", "E309", "zero"),
        ("ceil(H / 0)", "E309", "zero"),
        ("H // (H - 5)", "E309", "zero"),
        ("H == W", "E310", "H == W"),
        ("H > 3", "E310", "H > 3"),
        ("[1, H] == [1, 3]", "E310", "H == 3"),
        # Arithmetic without a result.
        ("1 // 0", "E309", "zero"),
        ("1 / 0", "E309", "zero"),
        ("1 % 0", "E309", "zero"),
        ("0 ** -1", "E309", "zero"),
        ("1e300 * 1e300", "E309", "too large"),
        ("(-8) ** 0.5", "E309", "root"),
        # Functions.
        ("range()", "E308", "nothing"),
        ("range(1.5)", "E308", "a float"),
        ("range(1, 5, 0)", "E308", "an int"),
        ("range(H)", "E308", "a symbolic dimension"),
        ("len(3)", "E308", "an int"),
        ("len([1], [2])", "E308", "a list, a list"),
        ("max([])", "E308", "a list"),
        ('sum(["a"])', "E308", "a list"),
        ("ceil(true)", "E308", "a bool"),
        ("ceil(1, 2)", "E308", "an int, an int"),
        ("min(x)", "E303", "`axis`"),
        ("max(x, axis=[1, 2], keepdims=3)", "E301", "`keepdims`"),
        ("max(x, 0)", "E327", "a tensor, an int"),
        ("min(0, x)", "E327", "an int, a tensor"),
        ("sum([x, x])", "E327", "a list"),
        ("abs(1, x)", "E308", "an int, a tensor"),
        ("abs(x, 1)", "E304", "`abs`"),
        ("max([1, 2], axis=0)", "E328", "`axis=`"),
        ("sum(1, 2, keepdims=true)", "E328", "`keepdims=`"),
        ("sum([1], dim=0)", "E204", "`dim`"),
        ("max(axis=1)", "E303", "the tensor `x`"),
        ("abs(true)", "E308", "a bool"),
        ("abs()", "E308", "nothing"),
        ("sqrt(-1)", "E309", "root"),
        ("sqrt(H)", "E308", "a symbolic dimension"),
        ("sqrt([4])", "E308", "a list"),
        ("exp(710)", "E309", "too large"),
        ("exp(1, 2)", "E308", "an int, an int"),
        ("exp(H)", "E308", "a symbolic dimension"),
        ("log(0)", "E309", "logarithm"),
        ("log(-0.5)", "E309", "logarithm"),
        ('log("e")', "E308", "a string"),
        ("10.0 ** 400", "E309", "too large"),
        ("len(list=[1])", "E204", "`list`"),
        # Indices.
        ("[1, 2][2]", "E311", "no element 2"),
        ("[1, 2][-3]", "E311", "no element -3"),
        ("[1][0.5]", "E311", "a float"),
        ("[1][true]", "E311", "true"),
        ("[1][H]", "E311", "H"),
        ("[1, 2][0, 1]", "E311", "one axis"),
        ("3[0]", "E311", "an int"),
        ("x.shape[4]", "E311", "no element 4"),
        ("float32[1:2]", "E311", "no slices"),
        # Attributes.
        ("x.foo", "E312", "`foo`"),
        ("[1].rank", "E312", "a list"),
        ("H.shape", "E312", "a symbolic dimension"),
        ("x.shape.rank", "E312", "a list"),
        # Initializers.
        ("constant", "E303", "`value`"),
        ("uniform(low=1)", "E303", "`high`"),
        ("normal(0, 1)", "E304", "normal"),
        ("constant(1, 2)", "E304", "constant"),
        ("constant(1, value=2)", "E305", "`value`"),
        ("normal(sd=1)", "E204", "`sd`"),
        ("normal(std=-1)", "E322", "std"),
        ('constant("a")', "E322", "value"),
    ],
)
def test_values_that_are_none(expression: str, code: str, words: str) -> None:
    """One message each, though the value is used afterwards."""
    body = f"v = {expression}\n output y = x -> dense(v) -> repeat(v) {{ relu }}"
    (found,) = faults_of(model(body, image=IMAGE))
    assert found.code == code
    assert words in found.headline()
    assert found.span is not None
    assert found.span.text in expression


@pytest.mark.parametrize(
    ("expression", "advice"),
    [
        ("zeros(1, 1, 8)", "it takes nothing: write `zeros`"),
        ("normal(0, 1)", "name the numbers: `mean=`, `std=`"),
    ],
)
def test_initializers_take_names(expression: str, advice: str) -> None:
    (found,) = faults_of(
        model(f"parameter p: float32[1, 1, 8] = {expression}\n output y = x * p", image="float32[N, T, 8]")
    )
    assert (found.code, found.advice()) == ("E304", advice)
