"""Fingerprints: the same after lines were put in, and one of each finding."""

from __future__ import annotations

from pathlib import Path

from dotnn.compiler.diagnostics.fingerprints import fingerprints, identity
from dotnn.compiler.source import Source

from tests.helpers.sample_diagnostics import Doubt, Sample

TEXT = "model net {\n    x = wrong\n    y = wrong\n    x = wrong\n}\n"


def found_in(text: str, name: str = "net.nn") -> list[Sample]:
    source, found, start = Source(name, text), [], text.find("wrong")
    while start >= 0:
        found.append(Sample(span=source.span(start, start + len("wrong"))))
        start = text.find("wrong", start + 1)
    return found


def test_they_are_of_the_line_and_not_of_its_number() -> None:
    before = fingerprints(found_in(TEXT))
    assert fingerprints(found_in(f"# new\n\n{TEXT}")) == before
    assert fingerprints(found_in(TEXT.replace("    ", "\t"))) == before
    assert fingerprints(found_in(TEXT, "moved.nn")) == before
    assert len(set(before)) == 3


def test_equal_lines_are_counted_in_their_file() -> None:
    first, second, third = fingerprints(found_in(TEXT))
    assert third == first.replace(":1", ":2")
    assert second.endswith(":1")
    both = fingerprints([*found_in(TEXT), *found_in(TEXT, "other.nn")])
    assert both[:3] == both[3:] == [first, second, third]


def test_they_are_of_the_code() -> None:
    (one, *_), source = found_in(TEXT), Source("net.nn", TEXT)
    other = Doubt(span=source.span(one.span.start, one.span.end)) if one.span else None
    assert other is not None
    assert len(set(fingerprints([one, other]))) == 2


def test_without_a_place_there_is_none() -> None:
    assert fingerprints([Sample(), *found_in("wrong")])[0] == ""


def test_halves_of_surrogate_pairs_do_no_harm() -> None:
    assert fingerprints(found_in("wrong \udcff"))[0].endswith(":1")


def test_what_is_said_of_one_place_of_a_file_is_one_thing_whatever_the_file_was_called() -> None:
    path = Path("/nets/net.nn")
    first, other = Source("net.nn", TEXT, path), Source("../nets/net.nn", TEXT, path)
    assert identity(Sample(span=first.span(16, 21))) == identity(Sample(span=other.span(16, 21)))
    assert identity(Sample(span=first.span(16, 21))) != identity(Sample(span=first.span(17, 21)))
    assert identity(Sample(span=first.span(16, 21))) != identity(Doubt(span=first.span(16, 21)))
    one, another = Source("a", TEXT), Source("b", TEXT)
    assert identity(Sample(span=one.span(16, 21))) != identity(Sample(span=another.span(16, 21)))
    assert fingerprints([Sample(span=one.span(16, 21)) for one in (first, other)])[1].endswith(":2")
