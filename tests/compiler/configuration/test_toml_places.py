"""Where keys and values of TOML stand: held against Python's reader, which says what they are."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator

import pytest
from dotnn.compiler.configuration.toml_places import Keys, places
from dotnn.compiler.source import Source

TEXT = '''\
# a comment [with] "signs" = 1
select = ["L201", 'L3']   # behind
strict=true
"quoted key".'and.another'.plain = 1_000

[tool.dotnn]   # a heading
ignore = [
    "L1",  # one, two ]
    [1, [2, 3,],],
    { a = 1, b.c = """x]}""" },
]
when = 1979-05-27 07:32:00
clock = 07:32:00
far = +1e3
text = """
many = "lines" \\""" and
"""""
raw = \'\'\'it's [here]\'\'\'
empty = []
none = {}

[[list]]
x = 1
[list.inner]
y = "\\u00e9"
[[list]]
x = 2
[[list.deep]]
z = inf
[ a . "b c" ]
k = -0.5
'''


def leaves(value: object, keys: Keys = ()) -> Iterator[tuple[Keys, object]]:
    """All tables, lists and values below a value, with their keys."""
    if keys:
        yield keys, value
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*keys, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from leaves(one, (*keys, number))


def assert_placed(text: str) -> None:
    document = tomllib.loads(text)
    found = places(Source("x.toml", text))
    assert set(found) == {keys for keys, _ in leaves(document)}
    for keys, value in leaves(document):
        place = found[keys]
        if isinstance(keys[-1], str):
            assert tomllib.loads(f"{place.key.text} = 0") == {keys[-1]: 0}
        if place.value != place.key or isinstance(keys[-1], int):
            written = place.value.text
            if not isinstance(value, dict) or written.startswith("{"):
                assert tomllib.loads(f"v = {written}")["v"] == value


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_key_and_value_has_its_place(end: str) -> None:
    assert_placed(TEXT.replace("\n", end))


def test_texts_by_chance_have_their_places() -> None:
    draw = random.Random(5)
    for _ in range(200):
        assert_placed(document(draw))


def value(draw: random.Random, depth: int) -> str:
    simple = [
        "1",
        "-1.5e3",
        "true",
        '"a # b"',
        "'x]'",
        '"""a\n"b""c"""',
        "'''\n''}'''",
        "2020-01-02",
        '"\\"\\\\"',
        "0x_f"[:2] + "f",
    ]
    kind = draw.randint(0, 9 if depth else 7)
    if kind < 8:
        return draw.choice(simple)
    several = draw.randint(0, 3)
    if kind == 8:
        gap = draw.choice(["", " ", "\n  ", " # c ]\n"])
        end = draw.choice(["", "," + gap]) if several else ""
        return "[" + gap + f",{gap}".join(value(draw, depth - 1) for _ in range(several)) + end + gap + "]"
    return "{" + ", ".join(f"k{number} = {value(draw, depth - 1)}" for number in range(several)) + "}"


def document(draw: random.Random) -> str:
    lines: list[str] = []
    for table in range(draw.randint(0, 4)):
        lines += [draw.choice([f"[t{table}]", f"[[l{table}]]", f"[t{table}.'a b'.c]", "# [no]", ""])]
        for key in range(draw.randint(0, 3)):
            name = draw.choice([f"k{table}{key}", f'"k {table}{key}"', f"k{table}{key} . x", f"'{table}.{key}'"])
            lines.append(f"{name}{draw.choice(['=', ' = ', '= '])}{value(draw, 2)}{draw.choice(['', '  # c'])}")
    return "\n".join(lines) + draw.choice(["", "\n"])
