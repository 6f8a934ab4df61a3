"""Every size of every tensor is at least 1: certain, demanded of whoever feeds the model, or an error at once."""

from __future__ import annotations

import numpy as np
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.dims import decide_less_equal, evaluate, spare, symbol
from dotnn.runtime import Session
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.language import compiled, faults, faults_of, places


def needs(found: Compiled) -> tuple[str, ...]:
    return found.summary().demands


# Impossible for all sizes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "image", "place"),
    [
        ("input t: float32[T]\noutput y = x -> expand([N, -T])", "float32[N, 1]", "[N, -T]"),
        ("input t: float32[T]\noutput y = x -> expand([1 - T, 4])", "float32[1, 4]", "[1 - T, 4]"),
        ("output y = x -> reshape([-N, -1])", "float32[N, 4]", "[-N, -1]"),
        ("output y = x -> reshape([-N, -4])", "float32[N, 4]", "[-N, -4]"),
        ("input z: float32[-N, 2]\noutput y = x", "float32[N, 2]", "-N"),
        ("input z: float32[N, N % 1]\noutput y = x", "float32[N, 2]", None),
        ("input z: float32[N, (N - 1) // (2 * N)]\noutput y = x", "float32[N, 2]", None),
        ("y: float32[N, 1 - N] = x\noutput z = y", "float32[N, 2]", "1 - N"),
        ("output y: float32[N, 1 - N] = x", "float32[N, 2]", "1 - N"),
        ("parameter p: float32[1 - N] = zeros\noutput y = x + p", "float32[N, 2]", "1 - N"),
        ("kind = float32[N, -T]\noutput y = x", "float32[N, T]", "-T"),
    ],
)
def test_a_dimension_that_is_never_at_least_1(body: str, image: str, place: str | None) -> None:
    ((code, found),) = faults(body, image=image)
    assert code in ("E325", "E316", "E301") if place is None else (code, found) == (code, place)
    assert code != "E301" or "-4" in found


def test_the_error_names_the_dimension_and_what_has_it() -> None:
    (fault,) = faults_of("model m { input x: float32[N, 1, T] output y = x[:, :, 0] -> expand([N, -T]) }")
    assert fault.code == "E325"
    assert "`expand`" in fault.headline()
    assert "`-T`" in fault.headline()


def test_in_the_type_of_an_argument() -> None:
    text = "block f(x: float32[B, B - 9 * B]) { return x }\nmodel m { input x: float32[N, 4] output y = x -> f }"
    assert places(faults_of(text)) == [("E325", "B - 9 * B")]


# Possible for some sizes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "image", "expected"),
    [
        ("output y = x -> expand([N, T - 3])", "float32[N, 1]", ("T >= 4",)),
        ("output y = x -> expand([N, T // 4])", "float32[N, 1]", ("T >= 4",)),
        ("output y = x -> expand([N, T - S])", "float32[N, 1]", ("T - S >= 1",)),
        ("output y = x -> expand([N, 9 - T])", "float32[N, 1]", ("9 - T >= 1",)),
        ("output y = x -> expand([N, N // 2]) -> mean(axis=1)", "float32[N, 1]", ("N >= 2",)),
        ("output y = x -> expand([N, T - 3]) -> relu -> sigmoid", "float32[N, 1]", ("T >= 4",)),
        ("output y = x -> expand([N, 2 * T - 5]) -> relu", "float32[N, 1]", ("T >= 3",)),
        ("input z: float32[N, T - 3]\noutput y = z", "float32[N, 1]", ("T >= 4",)),
        ("input z: float32[N, 2 * K - 5]\noutput y = z", "float32[N, 1]", ("K >= 3",)),
        (
            "h: float32[N, 1] = x\noutput y = h -> expand([N, min(T, S - 2)])",
            "float32[N, 1]",
            ("min(S, T + 2) - 2 >= 1",),
        ),
        ("a: float32[N, T - 3] = x -> expand([N, T - 3])\noutput y = a", "float32[N, 1]", ("T >= 4",)),
    ],
)
def test_what_is_possible_for_some_sizes_is_demanded_once(body: str, image: str, expected: tuple[str, ...]) -> None:
    found = compiled(f"input t: float32[T]\ninput s: float32[S]\n{body}", image=image)
    assert needs(found) == expected
    assert all(demand.reason for demand in found.graph.demands)


@pytest.mark.parametrize(
    ("body", "image", "expected", "count"),
    [
        ("output y = x -> conv2d(4, kernel=3) -> max_pool2d(2)", "float32[N, 3, H, 9]", ("H >= 4",), 2),
        ("output y = x -> flatten(start=2) -> conv1d(4, kernel=3, stride=2)", "float32[N, 3, H, W]", ("H*W >= 3",), 1),
        ("output y = x[:, :, 1:-1] -> relu", "float32[N, 3, H]", ("H >= 3",), 1),
    ],
)
def test_what_a_layer_demands_is_not_said_again(body: str, image: str, expected: tuple[str, ...], count: int) -> None:
    found = compiled(body, image=image)
    assert (needs(found), len(found.graph.demands)) == (expected, count)


def test_feeding_checks_it_and_says_which_way() -> None:
    body = "input t: float32[T]\noutput y = x -> expand([N, T - 3])\noutput z = t -> expand([5 - N, T])"
    session = Session(compiled(body, image="float32[N, 1]"))

    def fed(n: int, t: int) -> str:
        try:
            found = session.run({"x": np.ones((n, 1), np.float32), "t": np.ones(t, np.float32)})
        except DotnnError as error:
            return str(error)
        return str([found["y"].shape, found["z"].shape])

    assert fed(2, 5) == "[(2, 2), (3, 5)]"
    assert "error[E917]" in fed(2, 3)
    assert "a larger `T`" in fed(2, 3)
    assert "because what `expand` gives has a dimension of that size" in fed(2, 3)
    assert "a smaller `N`" in fed(5, 4)


def test_no_mean_over_nothing() -> None:
    session = Session(compiled("output y = x -> expand([N, N // 2]) -> mean(axis=1)", image="float32[N, 1]"))
    with pytest.raises(DotnnError) as raised:
        session.run(np.ones((1, 1), np.float32))
    assert [one.code for one in raised.value.diagnostics] == ["E917"]
    assert session.run(np.ones((2, 1), np.float32))["y"].tolist() == [1, 1]


# By plain integers ----------------------------------------------------------------------------------------------------

sizes = st.integers(1, 9)


@settings(max_examples=150, deadline=None)
@given(
    slope=st.integers(-3, 3),
    offset=st.integers(-8, 8),
    divisor=st.integers(1, 4),
    others=st.sampled_from(["0", "S", "-S", "S * T", "-(S // 2)"]),
)
def test_demands_are_just_what_python_finds(slope: int, offset: int, divisor: int, others: str) -> None:
    """A model is refused only if no sizes will do, and its demands hold just where the size is at least 1."""
    written = f"({slope} * T + {offset} + {others}) // {divisor}"
    values = {(t, s): eval(written, {"T": t, "S": s}) for t in range(1, 40) for s in range(1, 40)}
    text = f"model m {{ input x: float32[T, S, 1] output y = x -> expand([T, S, {written}]) }}"
    refused = faults_of(text)
    if refused:
        assert [one.code for one in refused] in (["E325"], ["E301"])
        assert max(values.values()) < 1
        return
    found = compile_source(text)
    for (t, s), value in values.items():
        met = all(evaluate(one.dim, {"T": t, "S": s}) >= one.minimum for one in found.graph.demands)
        assert met == (value >= 1), (written, t, s)


@settings(max_examples=150, deadline=None)
@given(
    divisor=st.integers(1, 5),
    inner=st.integers(1, 4),
    offset=st.integers(-9, 9),
    constant=st.integers(-4, 4),
    minimum=st.integers(-3, 6),
    values=st.tuples(st.integers(1, 60), st.integers(1, 60)),
)
def test_spare_is_never_negative_just_where_the_demand_holds(
    divisor: int, inner: int, offset: int, constant: int, minimum: int, values: tuple[int, int]
) -> None:
    dim = ((symbol("H") * symbol("W") + offset) // inner + 1) // divisor + constant
    left = evaluate(dim, dict(zip("HW", values, strict=True))) >= minimum
    right = evaluate(spare(dim, minimum), dict(zip("HW", values, strict=True))) >= 0
    assert left == right


def test_every_tensor_of_every_network_has_sizes_that_the_demands_make_positive() -> None:
    """No layer can make an axis which nobody has asked to be at least 1."""
    found = compiled(
        "input t: float32[T]\nh = x -> conv2d(4, kernel=3, stride=2) -> max_pool2d(3, stride=1)\n"
        "output y = h -> flatten(start=2) -> unsqueeze(axis=2) -> expand([N, 4, T - 7, h.shape[2] * h.shape[3]])",
        image="float32[N, 3, H, W]",
    )
    least = {"N": 1, "H": 7, "W": 7, "T": 8}
    assert {demand.dim for demand in found.graph.demands} >= {symbol("T") - 7}
    for demand in found.graph.demands:
        assert evaluate(demand.dim, least) >= demand.minimum
    for node in found.graph.nodes():
        for dim in node.results[0].shape:
            assert evaluate(dim, least) >= 1
            assert decide_less_equal(1, dim) is not False
