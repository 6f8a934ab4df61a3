"""Diagnostics for machines: as JSON values, as the annotations of GitHub Actions, and what all such forms share."""

from __future__ import annotations

from typing import Any

from ..source import Span
from ..visible_text import visible
from .base import Diagnostic, Label, Severity
from .fixes import Fix
from .terminal_cells import LONGEST_SENTENCE, clip


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """A diagnostic as plain values for ``json.dumps``.

    Lines and columns count from 1, columns in code points; ends are exclusive; ``offsets`` count from 0,
    after a byte order mark. Without a place ``file`` and all of these are None.

    Keys: ``code severity message file line column end_line end_column offsets label labels notes remedy fix fixes
    trace``; ``labels`` and ``trace`` hold places with a ``message``; ``fix`` is None, or has ``safety`` (``safe`` or
    ``unsafe``) and ``edits``, places with their ``replacement``, which hold for the text as it is and do not overlap;
    ``fixes`` are such with a ``message``, each of which was found to mend the mistake by trying.
    """
    return {
        "code": diagnostic.code,
        "severity": str(diagnostic.severity),
        "message": diagnostic.headline(),
        **_place(diagnostic.span),
        "label": diagnostic.caret(),
        "labels": [_labelled(label) for label in diagnostic.labels()],
        "notes": list(diagnostic.explanations()),
        "remedy": diagnostic.advice(),
        "fix": _mended(diagnostic.fix()),
        "fixes": [{"message": one.text, **_edited(one.fix)} for one in diagnostic.remedies],
        "trace": [_labelled(label) for label in diagnostic.trace],
    }


def _labelled(label: Label) -> dict[str, Any]:
    return {**_place(label.span), "message": told(label)}


def _mended(fix: Fix | None) -> dict[str, Any] | None:
    return None if fix is None else _edited(fix)


def _edited(fix: Fix) -> dict[str, Any]:
    edits = [{**_place(edit.span), "replacement": edit.replacement} for edit in fix.edits]
    return {"safety": str(fix.safety), "edits": edits}


def told(label: Label) -> str:
    """What a label says, and the line where it lies in the library, which no editor and no page has at hand."""
    source = label.span.source
    return f"{label.text}: `{source.line(label.span.line).strip()}`" if source.in_library else label.text


def _place(span: Span | None) -> dict[str, Any]:
    if span is None:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column", "offsets"))
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "offsets": [span.start, span.end],
    }


def legible(text: str) -> str:
    """A sentence for a form that people read in the end: in one line, not endless, and nothing in it is invisible."""
    return visible(clip(text, LONGEST_SENTENCE))


def github(diagnostic: Diagnostic) -> str:
    """A diagnostic as a workflow command of GitHub Actions, which shows it beside the changed line.

    A place that goes over several lines has no columns: GitHub takes them only within one line.
    """
    parts = [diagnostic.headline(), diagnostic.caret(), *diagnostic.explanations(), diagnostic.advice()]
    parts += [f"{label.span}: {told(label)}" for label in (*diagnostic.labels(), *diagnostic.trace)]
    properties = {**_annotated(diagnostic.span), "title": diagnostic.code}
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    kind = "notice" if diagnostic.severity is Severity.HINT else diagnostic.severity
    return f"::{kind} {listed}::{_data(chr(10).join(part for part in parts if part))}"


def _annotated(span: Span | None) -> dict[str, object]:
    if span is None:
        return {}
    place = _place(span)
    if place["line"] != place["end_line"]:
        return {"file": place["file"], "line": place["line"], "endLine": place["end_line"]}
    return {
        "file": place["file"],
        "line": place["line"],
        "col": place["column"],
        "endColumn": place["end_column"],
    }


def _data(text: str) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return visible(text)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
