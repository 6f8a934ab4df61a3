"""Compile-time values, types, bindings and consts."""

from __future__ import annotations

import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.graph.operations import Constant

from tests.helpers.language import (
    compiled,
    faults,
    faults_of,
    layer_names,
    model,
    names,
    places,
    shape,
    type_of,
    warnings,
)

IMAGE = "float32[N, 3, H, W]"


def holds(condition: str, *, head: str = "", image: str = IMAGE) -> bool:
    """Whether a condition is decided, and true."""
    return names(f"output y = if {condition} {{ x -> relu }} else {{ x -> tanh }}", head=head, image=image) == ["relu"]


# --- values -----------------------------------------------------------------------------------------------------------


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


# --- types ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["float32", "float16", "bfloat16", "float64", "int64", "int32", "int8", "uint8", "bool"],
)
def test_element_types(written: str) -> None:
    found = compile_source(f"model t {{ input x: {written}[N, 3] output y = x }}")
    assert type_of(found) == f"{written}[N, 3]"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("float32[]", "float32[]"),
        ("float32[3]", "float32[3]"),
        ("float32[N, 2 * 3]", "float32[N, 6]"),
        ("float32[N, K]", "float32[N, 7]"),
        ("float32[N, 2 * N]", "float32[N, 2*N]"),
        ("float32[N, N]", "float32[N, N]"),
        ("float32[N, ceil(N / 2)]", "float32[N, ceil(N / 2)]"),
        ("float32[1K]", "float32[1000]"),
        ("float32[BATCH, H1]", "float32[BATCH, H1]"),
        ("float32[N, len([1, 2])]", "float32[N, 2]"),
    ],
)
def test_types_of_inputs(written: str, expected: str) -> None:
    assert type_of(compile_source(f"const K = 7\nmodel t {{ input x: {written} output y = x }}")) == expected


@pytest.mark.parametrize(
    ("written", "code", "place"),
    [
        ("float33[N]", "E315", "float33[N]"),
        ("float32", "E315", "float32"),
        ("int", "E315", "int"),
        ("float32[n]", "E201", "n"),
        ("float32[Q * Q]", "E217", "Q"),
        ("float32[0]", "E316", "0"),
        ("float32[-1]", "E316", "-1"),
        ("float32[1.5]", "E316", "1.5"),
        ("float32[true]", "E316", "true"),
        ('float32["N"]', "E316", '"N"'),
        ("float32[[1]]", "E316", "[1]"),
        ("float32[2 ** 50]", "E316", "2 ** 50"),
    ],
)
def test_types_that_are_none(written: str, code: str, place: str) -> None:
    found = faults_of(f"model t {{ input x: {written} output y = x -> dense(3) -> relu }}")
    assert places(found) == [(code, place)]


def test_one_dimension_in_several_inputs() -> None:
    body = "input z: float32[N, 2]\n input w: float32[M, 8]\n output y = concat(x, z)\n output v = w"
    assert shape(body) == "[N, 10]"
    assert shape(body, "v") == "[M, 8]"


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ("conv2d(8, kernel=3, stride=2, padding=1)", "[N, 8, ceil(H / 2), ceil(W / 2)]"),
        ("conv2d(8, kernel=3)", "[N, 8, H - 2, W - 2]"),
        ("max_pool2d(2)", "[N, 3, floor(H / 2), floor(W / 2)]"),
        ("conv2d(8, kernel=1, stride=2) -> max_pool2d(2)", "[N, 8, floor((H - 3) / 4) + 1, floor((W - 3) / 4) + 1]"),
        ("flatten", "[N, 3*H*W]"),
        ("transpose([0, 2, 3, 1])", "[N, H, W, 3]"),
        ("concat(x, axis=2)", "[N, 3, 2*H, W]"),
        ("reshape([N, 3 * H, W])", "[N, 3*H, W]"),
    ],
)
def test_shapes_are_exact_in_the_dimensions(stages: str, expected: str) -> None:
    assert shape(f"output y = x -> {stages}", image=IMAGE) == expected


def test_what_is_demanded_of_dimensions_is_kept() -> None:
    found = compiled("output y = x -> conv2d(8, kernel=3)", image=IMAGE)
    assert found.summary().demands == ("H >= 3", "W >= 3")


def test_dimensions_that_cannot_be_decided() -> None:
    body = 'output y = x -> conv2d(8, kernel=3, stride=2, padding="same")'
    found = faults_of(model(body, image=IMAGE))
    assert found[0].code == "E413"
    assert "`H`" in found[0].headline() + found[0].advice()


# --- bindings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "v: int = 3",
        "v: int = x.channels",
        "v: int = N",
        "v: float = 3",
        "v: float = 0.5",
        "v: bool = true",
        'v: string = "a"',
        "v: list = [1, x]",
        "v: float32[N, 8] = x",
        "v: float32[N, 4] = x -> dense(4)",
        "v: float32[2 * N, 4] = x -> reshape([2 * N, 4])",
        "v: int64[2] = CONST",
    ],
)
def test_bindings_with_types(statement: str) -> None:
    assert not faults(f"{statement}\n output y = x", head="const CONST: int64[2] = [1, 2]")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("v: int = 3.0", "a float"),
        ("v: int = true", "a bool"),
        ("v: float = N", "a symbolic dimension"),
        ("v: bool = 1", "an int"),
        ("v: string = float32", "an element type"),
        ("v: list = x", "a tensor"),
        ("v: float32[N, 9] = x", "float32[N, 8]"),
        ("v: float32[N] = x", "float32[N, 8]"),
        ("v: float16[N, 8] = x", "float32[N, 8]"),
        ("v: float32[8, 8] = x", "float32[N, 8]"),
        ("v: float32[1] = 3", "an int"),
        ("v: float32[2] = [1, 2]", "a list"),
        ("output v: float32[N, 9] = x", "float32[N, 8]"),
        ("v, w: float32[N, 3] = both(x)", "float32[N, 8]"),
    ],
)
def test_bindings_with_other_types(statement: str, found: str) -> None:
    """Both types are said, and where the type was declared."""
    head = "block both(x) { return x, x -> dense(3) }"
    errors = faults_of(model(f"{statement}\n output y = x", head=head))
    assert errors[0].code == "E314"
    assert errors[0].headline().endswith(f"the value is {found}")
    assert [label.span.text for label in errors[0].labels()] == [errors[0].labels()[0].span.text]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("v = 3\n v = 4", ("E206", "v")),
        ("v, v = x -> split(2, axis=1)", ("E206", "v")),
        ("x = 3", ("E206", "x")),
        ("input x: float32[N]", ("E206", "x")),
        ("output x = x", ("E206", "x")),
        ("v = x\n output v = x", ("E206", "v")),
        ("parameter x: float32[8] = zeros", ("E206", "x")),
        ("k = 3", ("E206", "k")),
        ("N = 3", ("E206", "N")),
        ("params = 3", ("E207", "params")),
        ("receptive_field = 3", ("E207", "receptive_field")),
    ],
)
def test_names_are_bound_once(body: str, expected: tuple[str, str]) -> None:
    found = faults_of(model(f"{body}\n output y = x -> dense(k)", arguments="k: int = 2"))
    assert places(found) == [expected]
    if expected[0] == "E206":
        assert len(found[0].labels()) == 1


def test_a_binding_may_have_the_name_of_a_layer() -> None:
    assert names("dropout = 0.5\n relu = x -> relu -> dropout(dropout)\n output y = relu") == ["relu", "dropout"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a = x -> relu", [("W201", "a")]),
        ("a, b = x -> split(2, axis=1)\n output z = b", [("W201", "a")]),
        ("_, b = x -> split(2, axis=1)\n output z = b", []),
        ("input z: float32[M]", [("W201", "z")]),
        ("parameter p: float32[8] = zeros", [("W201", "p")]),
        ("k = 3\n output z = x -> dense(k)", []),
        ("k = 3\n output z = x -> {k}: dense(2)", []),
        ("k = 3\n output z: float32[N, k] = x -> dense(3)", []),
        ("k = 3\n expect params == k - 3", []),
        ("k = 3\n output z = if x.rank == 2 { x } else { x -> dense(k) }", []),
        ("k = 3\n output z = x -> repeat(0) { dense(k) }", []),
        ("k = [3]\n output z = x -> for i in k { relu }", []),
        ("k = 3\n output z = x -> l3: dense(3)\n freeze l{k}", []),
        ("k = 3\n output z = x -> l3: dense(8) -> reuse(l{k})", []),
        ("y1 = x\n expect y1.shape == [N, 8]", []),
    ],
)
def test_what_nothing_uses(body: str, expected: list[tuple[str, str]]) -> None:
    assert warnings(f"output y = x\n {body}") == expected


def test_unused_names_are_not_reported_beside_errors() -> None:
    assert faults("wdth = 3\n output y = x -> dense(width)") == [("E201", "width")]


# --- consts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consts", "use", "expected"),
    [
        ("const K = 3", "K", 3),
        ("const K: int = 3", "K", 3),
        ("const K = 2 * J\nconst J = len(L)\nconst L = [1, 2]", "K", 4),
        ("const K = if J > 2 { 5 } else { 6 }\nconst J = 3", "K", 5),
        ("const TABLE = [[1, 16], [6, 24]]", "TABLE[1][1]", 24),
    ],
)
def test_consts_are_visible_everywhere_in_the_file(consts: str, use: str, expected: int) -> None:
    head = "block f(x) { return x -> dense(" + use + ") }"
    text = head + model("output y = x -> f") + consts
    assert type_of(compile_source(text)) == f"float32[N, {expected}]"
    text = model(f"output y = x -> dense({use})") + consts
    assert type_of(compile_source(text)) == f"float32[N, {expected}]"


@pytest.mark.parametrize(
    ("consts", "expected"),
    [
        ("const A = A", [("E215", "A")]),
        ("const A = B + 1\nconst B = A", [("E215", "A")]),
        ("const A = C", [("E201", "C")]),
        ("const A = 1\nconst A = 2", [("E206", "A")]),
        ("const macs = 1", [("E207", "macs")]),
        ("const A: int = 1.5", [("E314", "1.5")]),
        ("const A: foo = 1", [("E315", "foo")]),
        ("const A = N", [("E201", "N")]),
        ("const A: float32[N] = 1", [("E201", "N")]),
        ("const A = relu", [("E201", "relu")]),
        ("const A = params", [("E320", "params")]),
        ("const A = B -> relu\nconst B: float32[2] = [1, 2]", [("E320", "relu")]),
        ("const A: float32[2] = B * 2\nconst B: float32[2] = [1, 2]", [("E320", "B * 2")]),
        ("const A: float32[2, 2] = [[1, 2], [3]]", [("E317", "[[1, 2], [3]]")]),
        ('const A: float32[1] = ["a"]', [("E317", '["a"]')]),
        ("const A: float32[0] = []", [("E316", "0")]),
        ("const A: float32[1] = []", [("E317", "[]")]),
        ("const A: float32[3] = [1, 2]", [("E314", "[1, 2]")]),
        ("const A: int64[2] = [1, 0.5]", [("E317", "[1, 0.5]")]),
        ("const A: uint8[2] = [1, 256]", [("E317", "[1, 256]")]),
        ("const A: int8[2] = [1, -129]", [("E317", "[1, -129]")]),
        ("const A: float16[2] = [1, 1e5]", [("E317", "[1, 1e5]")]),
        ("const A: bool[2] = [1, 0]", [("E317", "[1, 0]")]),
        ("const A: float32[2] = [true, 1]", [("E317", "[true, 1]")]),
    ],
)
@pytest.mark.parametrize("used", [True, False])
def test_wrong_consts(consts: str, expected: list[tuple[str, str]], used: bool) -> None:
    """They are wrong whether or not something uses them."""
    name = consts.split()[1].rstrip(":")
    body = f"output y = x -> dense({name})" if used else "output y = x"
    assert faults(body, head=consts) == expected


def test_const_tensors() -> None:
    head = """
        const MEAN: float32[3, 1, 1] = [[[0.5]], [[0.25]], [[1]]]
        const ONES: float32[3, 1, 1] = 1
        const FLAGS: bool[2] = [true, false]
        const BYTES: uint8[2] = [0, 255]
        const SCALAR: float32[] = 0.5
    """
    body = "output y = (x - MEAN) / ONES * SCALAR - MEAN\n output f = FLAGS\n output b = BYTES"
    found = compiled(body, head=head, image=IMAGE)
    constants = {node.name: node.op.value for node in found.graph.nodes() if isinstance(node.op, Constant)}
    assert {name: one.shape for name, one in constants.items()} == {
        "MEAN": (3, 1, 1),
        "ONES": (3, 1, 1),
        "SCALAR": (),
        "FLAGS": (2,),
        "BYTES": (2,),
    }
    assert constants["ONES"].elements == (1, 1, 1)
    assert layer_names(found) == ["sub", "div", "mul", "sub_1"]


def test_a_const_without_a_type_is_no_tensor() -> None:
    assert faults("output y = x * K", head="const K = [1, 2]") == [("E306", "K")]
    assert faults("output y = K", head="const K = 3") == [("E306", "K")]


def test_errors_of_arguments_from_python() -> None:
    with pytest.raises(DotnnError) as caught:
        compile_source(model("output y = x", arguments="k: int = 1"), arguments={"k": object()})
    assert [one.code for one in caught.value.diagnostics] == ["E606"]
