"""The catalogue of the layers against what ``dotnn layers --json`` says: every row, every argument, every default."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import DotnnError

from tests.helpers.cli_calls import dotnn
from tests.helpers.paths import FACTS

CATALOGUE = FACTS / "layer_catalogue.txt"
#: What every layer with weights takes beside its own arguments.
STARTS = ("init", "bias_init")


@dataclass(frozen=True)
class Row:
    """A layer of the catalogue.

    Attributes:
        operands: by name; one with dots behind is variadic, and stands for two here.
        arguments: name, default (None: it must be written) and whether it is given by its place.
        stars: whether, and from or at which rank, ``axis`` must be written.
    """

    kind: str
    operands: tuple[str, ...]
    optional: frozenset[str]
    arguments: tuple[tuple[str, str | None, bool], ...]
    results: tuple[str, ...]
    stars: str


def rows() -> dict[str, Row]:
    lines = [line for line in CATALOGUE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {row.kind: row for line in lines for row in expanded(line)}


def expanded(line: str) -> list[Row]:
    names, inside, results = re.fullmatch(r"(.*?)\((.*)\)(?: -> (.*))?", line).groups()  # type: ignore[union-attr]
    operands, _, arguments = inside.partition(" | ")
    given = [one for one in arguments.split(", ") if one]
    optional = frozenset(one.removesuffix("?") for one in given if one.endswith("?"))
    stars = "".join(re.findall(r"\*+$", " ".join(one for one in given if one.startswith("axis"))))
    own = tuple(argument(one.rstrip("*")) for one in given if not one.endswith("?"))
    parts = [part.split(",") if index % 2 else [part] for index, part in enumerate(re.split(r"[{}]", names))]
    kinds = ["".join(chosen) for chosen in product(*parts)]
    given_results = tuple(results.split(", ")) if results else ("y",)
    return [Row(kind, tuple(operands.split(", ")), optional, own, given_results, stars) for kind in kinds]


def argument(text: str) -> tuple[str, str | None, bool]:
    name, sign, default = text.partition("=")
    return name, default or None, not sign


ROWS = rows()


@cache
def described() -> dict[str, dict[str, Any]]:
    done = dotnn("layers", "--json")
    assert done.code == 0, done.err
    return {one["kind"]: one for one in json.loads(done.out)["layers"]}


def test_the_catalogue_is_whole() -> None:
    assert set(ROWS) <= set(described())


@pytest.mark.parametrize("kind", ROWS)
def test_layer_has_the_signature_of_the_catalogue(kind: str) -> None:
    row, found = ROWS[kind], described()[kind]
    operands = found["operands"]
    required = [one for one in operands if not one["optional"]]
    if row.operands[-1] == "…":
        (variadic,) = required
        assert variadic["variadic"]
    else:
        assert tuple(one["name"] for one in required) == row.operands
        assert not any(one["variadic"] for one in operands)
    assert {one["name"] for one in operands if one["optional"]} == row.optional
    own = {(one["name"], number(one["default"]), one["positional"]) for one in found["arguments"]}
    assert {one for one in own if one[0] not in STARTS} == {
        (name, number(one), place) for name, one, place in row.arguments
    }
    assert tuple(found["results"] or ["…"]) == row.results


def number(default: str | None) -> str | float | None:
    """A default, a number by its value however it is written."""
    try:
        return float(default or "")
    except ValueError:
        return default


@pytest.mark.parametrize("kind", [kind for kind, one in ROWS.items() if one.stars])
def test_the_axis_must_be_written_where_it_could_be_another(kind: str) -> None:
    """From rank 4 on the last axis may be the width of an image; on rank 3, axis 1 may be time."""
    rank = 4 if ROWS[kind].stars == "*" else 3
    with pytest.raises(DotnnError) as error:
        compiled(kind, rank, "")
    assert [one.code for one in error.value.diagnostics] == ["E405"]
    compiled(kind, rank, "axis=1")
    compiled(kind, 2, "")


def compiled(kind: str, rank: int, axis: str) -> None:
    row = ROWS[kind]
    sizes = ", ".join(["N", "4", "4", "4"][:rank])
    inputs = [f"x{index}" for index in range(2 if row.operands[-1] == "…" else 1)]
    values = {"parts": "2", "units": "3"}
    given = ", ".join(
        [*inputs, *(values[name] for name, _, by_place in row.arguments if by_place), *([axis] if axis else [])]
    )
    declared = " ".join(f"input {name}: float32[{sizes}]" for name in inputs)
    bound = "a, b" if row.results == ("…",) else "a"
    compile_source(
        f"model m() {{ {declared} {bound} = {kind}({given}) output y = a {'output z = b' if ',' in bound else ''} }}"
    )


def test_layers_with_weights_take_initializers_and_literals() -> None:
    for kind, found in described().items():
        names = {one["name"] for one in found["arguments"]}
        has_weights = bool(found["weights"])
        assert ("init" in names) == has_weights, kind
        assert bool(found["literal_weights"]) == has_weights, kind
