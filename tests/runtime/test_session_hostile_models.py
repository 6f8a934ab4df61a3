"""Models that are made to do harm before they run: their names, their dimensions, and what they say of themselves."""

from __future__ import annotations

import importlib
import json

import numpy as np
import pytest
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.dims.parsing import Expression
from dotnn.runtime import Session, random_feeds
from dotnn.runtime import session as session_module
from dotnn.runtime.tensor_info import FedDemand, TensorInfo
from onnx import TensorProto, helper

#: The module, whose function has its name.
random_module = importlib.import_module("dotnn.runtime.random_feeds")
ILL = b"\xff\xfe\x80Q"


def model(graph="g", name="x", output="y", dimension="N", **metadata) -> bytes:
    """A model of one operator."""
    made = helper.make_model(
        helper.make_graph(
            [helper.make_node("Relu", [name], [output])],
            graph,
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, (dimension, 3))],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        ),
        opset_imports=[helper.make_opsetid("", 22)],
        ir_version=10,
    )
    helper.set_model_props(made, metadata)
    return made.SerializeToString()


def own(demands: object) -> bytes:
    return model(**{"dotnn.format": "1", "dotnn.demands": json.dumps(demands)})


def session(content: bytes) -> Session:
    return Session(content, provider="cpu")


def refusal(content: bytes) -> str:
    """The only code of what is wrong with a model."""
    with pytest.raises(DotnnError) as raised:
        session(content)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.headline()
    return diagnostic.code


@pytest.mark.parametrize(
    "place",
    [{"graph": "QQQQ"}, {"name": "QQQQ"}, {"output": "QQQQ"}, {"dimension": "QQQQ"}, {"note": "QQQQ"}, {"QQQQ": "1"}],
    ids=str,
)
def test_what_is_not_utf_8_is_no_onnx_model(place: dict[str, str]):
    content = model(**place)
    assert content.count(b"QQQQ") >= 1
    assert refusal(content.replace(b"QQQQ", ILL)) == "E902"


@pytest.mark.parametrize("name", ["max(N)", "min(N)", "max(max(N))"])
def test_the_greatest_of_one_number_is_that_number(name: str):
    assert Expression(name).value({"N": 5}) == 5
    assert session(model(dimension=name)).run(np.ones((2, 3), np.float32))["y"].shape == (2, 3)


DIMENSIONS = (
    *("N N", "1/0", "N//0", "N%0", ")(", " ", "max()", "floor", "floor(N, N)", "N**64**64", "9" * 3000, "\x1b[31m"),
    *("(" * 70 + "N" + ")" * 70, "max(" * 59 + "N" + ")" * 59, "K*" * 2000 + "K", "a+" * 5000 + "a", "\u202eN"),
    "-" * 20000 + "N",
)


@pytest.mark.parametrize("text", DIMENSIONS, ids=lambda text: repr(text[:12]))
def test_any_dimension_is_run_or_refused(text: str):
    loaded = session(model(dimension=text))
    said = []
    for feed in (
        lambda: {"x": np.ones((1, 3), np.float32)},
        lambda: {"x": np.ones((2, 3), np.float32)},
        at_random(loaded),
    ):
        try:
            assert loaded.run(feed())["y"].ndim == 2
        except DotnnError as error:
            said += [one.code for one in error.diagnostics]
    assert set(said) <= {"E914", "E915", "E942", "E943"}


def at_random(loaded: Session):
    return lambda: random_feeds(loaded.inputs, 1, demands=loaded.demands).arrays


def test_dimensions_have_a_bounded_length():
    assert refusal(model(dimension="N" * (session_module.MOST_CHARACTERS + 1))) == "E902"


LONG = [{"dim": "N" * (session_module.MOST_CHARACTERS + 1), "minimum": 1}]
MANY = [{"dim": "N" * 1000, "minimum": 1}] * 1000
ENDLESS = ["x" * session_module.LONGEST_METADATA]


@pytest.mark.parametrize("demands", [LONG, MANY, ENDLESS], ids=["one", "many", "text"])
def test_demands_are_bounded(demands: object):
    assert refusal(own(demands)) == "E909"


SEARCHES = {
    "many": [FedDemand(f"N + {index}", 10**9) for index in range(20_000)],
    "never": [FedDemand("N % 3", 3)] * 300,
    "long": [FedDemand("max(" + "+".join(["(N%7)*(H%5)"] * 900) + ")", 10**9)] * 20,
    "symbols": [FedDemand("+".join(f"s{index}" for index in range(3000)), 10**9)],
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_for_sizes_ends(name: str, monkeypatch: pytest.MonkeyPatch):
    evaluated = 0
    value_or_none = random_module.value_or_none

    def counted(parsed, sizes):
        nonlocal evaluated
        evaluated += 1
        return value_or_none(parsed, sizes)

    monkeypatch.setattr(random_module, "value_or_none", counted)
    symbols = ("N", "H", "W") if name != "symbols" else tuple(f"s{index}" for index in range(3000))
    with pytest.raises(DotnnError) as raised:
        random_feeds([TensorInfo("x", "float32", symbols)], 1, demands=SEARCHES[name])
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "E942"
    assert len(diagnostic.headline()) < 1000
    # An evaluation counts for more than its text alone.
    assert evaluated < random_module.MOST_EFFORT / 20


def test_a_search_in_a_deep_network_finds_its_sizes():
    demands = [FedDemand(f"H - {2 * index}", 1) for index in range(1500)]
    found = random_feeds([TensorInfo("x", "float32", ("N", "H"))], 1, demands=demands).sizes
    assert found["H"] == 2999
