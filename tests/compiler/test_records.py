"""Records are frozen dataclasses, completed when they are first used; held against Python's own."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from dotnn.compiler.records import positional_record, record


class Plain:
    """Fields of every kind."""

    kind: ClassVar[str] = "plain"
    first: int
    second: str = "two"
    third: list[int] = field(default_factory=list)
    quiet: int = field(default=0, repr=False, compare=False)
    named: int = field(default=3, kw_only=True)
    made: int = field(init=False)
    listed: list[int] = field(init=False, default_factory=lambda: [1])

    def __post_init__(self) -> None:
        object.__setattr__(self, "made", self.first * 2)


def pair(inherit: bool) -> tuple[Any, Any]:
    """A record and a dataclass of the same fields, or classes that inherit from them and add one."""
    kinds = []
    for declare in (positional_record, dataclass(frozen=True)):
        own = {name: value for name, value in vars(Plain).items() if name not in ("__dict__", "__weakref__")}
        kind = declare(type("Plain", (), own))
        if inherit:
            body = {
                "__annotations__": {"more": "int", "named": "int"},
                "more": 1,
                "named": field(default=9, kw_only=True),
            }
            kind = declare(type("More", (kind,), body))
        kinds.append(kind)
    return kinds[0], kinds[1]


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((1, "x", [2]), {"named": 4, "quiet": 5}),
    ((), {"first": 1, "third": [1]}),
    ((), {}),
    ((1, 2, 3, 4, 5, 6, 7), {}),
    ((1,), {"first": 1}),
    ((1,), {"unknown": 1}),
    ((1,), {"made": 1}),
]


@pytest.mark.parametrize("inherit", [False, True])
@pytest.mark.parametrize(("arguments", "named"), CALLS)
def test_records_are_what_dataclasses_are(inherit: bool, arguments: tuple[Any, ...], named: dict[str, Any]):
    ours, theirs = pair(inherit)
    try:
        expected = theirs(*arguments, **named)
    except TypeError:
        with pytest.raises(TypeError, match="__init__"):
            ours(*arguments, **named)
        return
    found = ours(*arguments, **named)
    assert vars(found) == vars(expected)
    assert repr(found).partition("(")[2] == repr(expected).partition("(")[2]
    assert dataclasses.asdict(found) == dataclasses.asdict(expected)
    assert [one.name for one in dataclasses.fields(ours)] == [one.name for one in dataclasses.fields(theirs)]
    assert ours.__match_args__ == theirs.__match_args__
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)


def test_equality_and_hash_go_by_what_is_compared():
    @positional_record
    class Point:
        x: int
        note: str = field(default="", compare=False)

    @positional_record
    class Other(Point):
        pass

    assert Point(1, "a") == Point(1, "b")
    assert hash(Point(1, "a")) == hash(Point(1, "b"))
    assert Point(1) != Point(2)
    assert Point(1) != Other(1)
    assert Point(1) != (1,)
    assert {Point(1), Point(1), Point(2)} == {Point(2), Point(1)}


def test_records_are_frozen():
    @record
    class Point:
        x: int

    point = Point(x=1)
    for change in (lambda: setattr(point, "x", 2), lambda: setattr(point, "y", 2), lambda: delattr(point, "x")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            change()
    assert dataclasses.replace(point, x=3) == Point(x=3)
    assert point == Point(x=1)
    with pytest.raises(TypeError):
        Point(1)  # pyright: ignore[reportCallIssue]


def test_what_a_class_says_of_itself_stays():
    @record
    class Odd:
        x: int

        def __repr__(self) -> str:
            return "odd"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Odd)

    assert repr(Odd(x=1)) == "odd"
    assert Odd(x=1) == Odd(x=2)


def test_fields_are_known_before_there_is_an_instance():
    @record
    class Point:
        x: int
        y: int = 2

    assert dataclasses.is_dataclass(Point)
    assert [one.name for one in dataclasses.fields(Point)] == ["x", "y"]


def test_what_is_not_used_is_not_completed():
    program = (
        "from dotnn.compiler.driver import compile_source\n"
        "from dotnn.compiler.layers import LAYERS\n"
        "compile_source('model m { input x: float32[2] output y = x -> relu }')\n"
        "print(*(kind for kind, layer in LAYERS.items() if type(vars(layer).get('__dataclass_fields__')) is dict))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", timeout=60)
    assert done.stdout.split() == ["relu"], done
