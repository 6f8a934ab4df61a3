"""Diagnostics as JUnit XML, which Jenkins, GitLab and Azure read as the results of tests.

A file is a test. Viewers show one failure of a test, so all errors of a file are one; its warnings and hints are its
output. Elements and attributes are those that the xUnit plugin of Jenkins takes (``junit-10.xsd``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..visible_text import visible
from .base import Diagnostic, Severity
from .machine_readable import legible
from .render import count_line, render

_SUITE = "dotnn check"
#: Viewers part it at the point: the check is a class in the package of dotnn.
_CLASS = "dotnn.check"


def to_junit(found: Mapping[str, Sequence[Diagnostic]]) -> str:
    """An XML document in ASCII, so that no encoding of a stream can spoil it.

    Args:
        found: what was found by the name of the file, for each file that was checked.
    """
    failed = sum(any(one.severity is Severity.ERROR for one in of_file) for of_file in found.values())
    counts = f'name="{_SUITE}" tests="{len(found)}" failures="{failed}" errors="0"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {counts}>", f"  <testsuite {counts}>"]
    for name, of_file in found.items():
        lines += _case(name, of_file)
    return "\n".join([*lines, "  </testsuite>", "</testsuites>"])


def _case(name: str, found: Sequence[Diagnostic]) -> list[str]:
    errors = [one for one in found if one.severity is Severity.ERROR]
    others = [one for one in found if one.severity is not Severity.ERROR]
    attributes = f'name="{_escaped(visible(name))}" classname="{_CLASS}"'
    if not found:
        return [f"    <testcase {attributes}/>"]
    lines = [f"    <testcase {attributes}>"]
    if errors:
        first = errors[0]
        rest = f" ({count_line(errors)} in all)" if len(errors) > 1 else ""
        message = _escaped(f"{first.code}: {legible(first.headline())}{rest}")
        lines.append(f'      <failure type="{_escaped(first.code)}" message="{message}">{_pages(errors)}</failure>')
    if others:
        lines.append(f"      <system-out>{_pages(others)}</system-out>")
    return [*lines, "    </testcase>"]


def _pages(found: Sequence[Diagnostic]) -> str:
    """The diagnostics as people read them, with the lines of the text."""
    return _escaped("\n\n".join(map(render, found)))


def _escaped(text: str) -> str:
    """Text as content, or as a value in double quotes; what XML has no characters for is written out by ``visible``."""
    lines = "\n".join(map(visible, text.split("\n")))
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        lines = lines.replace(sign, entity)
    return lines.encode("ascii", "xmlcharrefreplace").decode("ascii")
