"""Programs with clutter in them: fixing takes it out again, and nothing else."""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from dotnn.compiler.checking import Checked, examine
from dotnn.compiler.fixing import Fixed, fix_files
from dotnn.compiler.graph.same_graph import is_same
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.helpers.paths import EXAMPLES, ROOT

sys.path.append(str(ROOT / "benchmarks"))

from broken_programs import damages
from random_programs import Program
from random_programs.strategies import programs

PATHS = sorted(EXAMPLES.rglob("*.nn"))
#: What nothing uses, each with a number in its name.
DEFINITIONS = (
    "const unused_{} = [1, 2]",
    "# Nobody needs it.\nconst unused_{} = 3  # really",
    "## What it does.\nblock unused_{}(x, width: int = 4) {{\n\n    return x -> dense(width) -> relu\n}}",
    "block unused_{0}(x) {{ return x -> dense(needed_{0}) }}\nconst needed_{0} = 5",
)
IMPORT = 'import make_divisible from "dotnn/convolution"'
#: A stage with an activation that is the same when it is done twice.
ACTIVATION = re.compile(r"-> (?:relu|relu6)\b(?!\()")


def fixed(path: Path, text: str, *, unsafe: bool = False) -> tuple[str, Checked]:
    """A text, fixed, and what is said of it then."""

    def look(name: str, data: bytes | None, contents: object) -> Checked:
        return examine(name, text.encode() if data is None else data)

    found: Fixed = fix_files([str(path)], look, unsafe=unsafe)
    checked = found.checked[str(path)]
    assert checked.source is not None
    return checked.source.text, checked


def with_definitions(text: str, source: random.Random) -> str:
    """The text with definitions in some of the gaps between its items, each in a paragraph of its own."""
    gaps = [found.end() for found in re.finditer(r"(?<=\n)\n(?=[^\n }])", text)]
    places = sorted(source.sample([*gaps, len(text)], k=min(3, len(gaps) + 1)), reverse=True)
    for number, place in enumerate(places):
        paragraphs = [source.choice(DEFINITIONS).format(f"{number}_{more}") for more in range(source.randint(1, 2))]
        paragraphs += [IMPORT] if "make_divisible" not in text and source.random() < 0.5 else []
        written = source.choice(["\n", "\n\n"]).join(paragraphs)
        text = text[:place] + (f"{written}\n\n" if place < len(text) else f"\n{written}\n") + text[place:]
    return text


def with_suppressions(checked: Checked, source: random.Random) -> str:
    """A text with comments at the ends of some lines that suppress nothing."""
    assert checked.source is not None
    lines = checked.source.text.split("\n")
    found = {one.span.line - 1 for one in checked.report.diagnostics if one.span is not None}
    free = [index for index, line in enumerate(lines) if line.strip() and "#" not in line and index not in found]
    for index in source.sample(free, k=min(4, len(free))):
        lines[index] += source.choice(["  # dotnn: ignore[L101]", "  # dotnn: ignore[L999, L101] why"])
    return "\n".join(lines)


def assert_clutter_goes(path: Path, text: str, source: random.Random) -> None:
    """What was put into a text without findings is taken out again, to the character."""
    clean, before = fixed(path, text)
    assert not before.report.has_errors
    cluttered = with_definitions(with_suppressions(before, source), source)
    found, after = fixed(path, cluttered)
    assert found == clean, cluttered
    assert all(is_same(one.graph, two.graph) for one, two in zip(before.networks, after.networks, strict=True))
    assert fixed(path, found)[0] == found


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_examples_are_as_they_were(path: Path) -> None:
    source = random.Random(path.stem)
    text = path.read_text(encoding="utf-8")
    clean, before = fixed(path, text)
    cluttered = with_suppressions(before, source)
    assert fixed(path, cluttered)[0] == clean
    if not before.networks:
        return
    cluttered = with_definitions(cluttered, source)
    found, after = fixed(path, cluttered)
    assert found == clean
    assert all(is_same(one.graph, two.graph) for one, two in zip(before.networks, after.networks, strict=True))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.integers(0, 1_000_000))
def test_random_programs_are_as_they_were(program: Program, seed: int) -> None:
    assert_clutter_goes(ROOT / "fuzz.nn", program.text, random.Random(seed))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.integers(0, 1_000_000))
def test_activations_that_are_written_twice_are_written_once(program: Program, seed: int) -> None:
    path, source = ROOT / "fuzz.nn", random.Random(seed)
    clean, before = fixed(path, program.text, unsafe=True)
    places = [found.end() for found in ACTIVATION.finditer(clean)]
    assume(places)
    doubled = clean
    for place in sorted(source.sample(places, k=min(3, len(places))), reverse=True):
        doubled = f"{doubled[:place]} -> {clean[:place].rsplit(' ', 1)[1]}{doubled[place:]}"
    found, after = fixed(path, doubled, unsafe=True)
    assert not after.report.has_errors
    assert all(is_same(one.graph, two.graph) for one, two in zip(before.networks, after.networks, strict=True)), doubled
    assert fixed(path, found, unsafe=True)[0] == found


def test_a_damaged_text_is_never_made_worse() -> None:
    source, changed = random.Random(1), 0
    for path in source.sample(PATHS, 12):
        texts = [damaged for _, damaged, _ in damages(path.read_text(encoding="utf-8"), 60)]
        for text in source.sample(texts, min(5, len(texts))):
            before = Counter(one.code for one in examine(str(path), text.encode()).report.errors)
            found, checked = fixed(path, text, unsafe=True)
            after = Counter(one.code for one in checked.report.errors)
            assert after <= before, text
            if found != text:
                changed += 1
                assert fixed(path, found, unsafe=True)[0] == found
    assert changed > 2
