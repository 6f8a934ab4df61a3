"""What is said of every example with a token left out, written twice or swapped, and of each of its beginnings.

    python benchmarks/broken_programs.py [--every N] [FILE ...]

For each kind of damage: how many texts, how many of them have errors, the share whose first error stands on the line
that was damaged, the most errors of one text, and the texts with more than five. A traceback ends the run.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dotnn

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
TOKEN = re.compile(r'"[^"\n]*"|[A-Za-z0-9_.]+|->|==|!=|<=|>=|\*\*|//|[^\sA-Za-z0-9_#]|#[^\n]*')
MOST_ERRORS = 5


@dataclass
class Found:
    """What was said of the texts with one kind of damage."""

    texts: int = 0
    wrong: int = 0
    on_line: int = 0
    most: int = 0
    many: list[str] = field(default_factory=list)
    elsewhere: Counter[str] = field(default_factory=Counter)


def tokens_of(text: str) -> list[re.Match[str]]:
    """The tokens of a text, comments left out."""
    return [match for match in TOKEN.finditer(text) if not match.group().startswith("#")]


def damages(text: str, every: int) -> Iterator[tuple[str, str, int]]:
    """Kinds of damage, the text with it, and where it is."""
    tokens = tokens_of(text)
    for index in range(0, len(tokens), every):
        start, end = tokens[index].span()
        yield "prefix", text[:start], start
        yield "deletion", text[:start] + text[end:], start
        yield "duplication", f"{text[:end]} {text[start:]}", start
        if index + 1 < len(tokens):
            after, behind = tokens[index + 1].span()
            yield "swap", text[:start] + text[after:behind] + text[end:after] + text[start:end] + text[behind:], start


def main() -> None:
    """Damage, check and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print the texts that are answered poorly")
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()
    found: dict[str, Found] = {}
    for path in options.files or sorted(EXAMPLES.rglob("*.nn")):
        text = path.read_text(encoding="utf-8")
        for kind, damaged, place in damages(text, options.every):
            note(found.setdefault(kind, Found()), path, damaged, place, options.show)
    for kind, one in found.items():
        share, elsewhere = one.on_line / max(one.wrong, 1), one.elsewhere.most_common(8)
        print(f"{kind}: {one.texts} texts, {one.wrong} wrong, first error on the damaged line {share:.1%}")
        print(f"    most errors {one.most}, {len(one.many)} texts with more than {MOST_ERRORS}; elsewhere {elsewhere}")


def note(found: Found, path: Path, damaged: str, place: int, show: bool) -> None:
    """Check one text and count what is said."""
    report = dotnn.check(path, text=damaged)
    errors = report.errors
    found.texts += 1
    if not errors:
        return
    found.wrong += 1
    line = damaged.count("\n", 0, place) + 1
    first = errors[0].span
    found.most = max(found.most, len(errors))
    shown = f"{path.name}:{line}: {(damaged.splitlines() or [''])[line - 1 : line]} -> "
    if first is not None and first.line == line:
        found.on_line += 1
    else:
        found.elsewhere[errors[0].code] += 1
        if show:
            print(f"elsewhere: {shown}{errors[0]}")
    if len(errors) > MOST_ERRORS:
        found.many.append(shown)
        if show:
            print(f"many: {shown}" + " | ".join(map(str, errors)))


if __name__ == "__main__":
    main()
