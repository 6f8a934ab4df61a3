"""Diagnostics as SARIF 2.1.0, which GitHub, Azure and editors read as the results of an analysis.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", whose names the keys are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import Any, TypeAlias
from urllib.parse import quote

from ..source import Source, Span
from .base import CATALOGUE, Diagnostic, Label, Severity
from .explain import page_of, summary_of, title_of
from .fingerprints import fingerprints
from .fixes import Fix
from .machine_readable import legible, told

_Object: TypeAlias = dict[str, Any]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}
#: The name of our fingerprint; the number changes with how it is made.
_FINGERPRINT = "dotnnLine/v1"
#: What paths begin from, beside the root of the file system.
_FOLDER, _LIBRARY = "%SRCROOT%", "%DOTNN_LIBRARY%"
_BASES = {
    _FOLDER: "The folder in which dotnn ran.",
    _LIBRARY: "The library of blocks that comes with dotnn.",
}


def to_sarif(diagnostics: Iterable[Diagnostic], version: str) -> _Object:
    """A log of one run, as plain values for ``json.dumps``.

    Diagnostics with a place are results. The others, such as that a file cannot be read, are notifications about the
    run, since readers of results refuse those without a place; with an error among them the run was not successful.
    Columns count code points. Paths below the folder in which the process runs are relative to it.

    Args:
        diagnostics: what was found.
        version: that of dotnn.
    """
    found = list(diagnostics)
    results = [one for one in found if one.span is not None]
    notices = [one for one in found if one.span is None]
    rules, notifications = _descriptors(results), _descriptors(notices)
    places = _Places()
    driver: _Object = {"name": "dotnn", "version": version, "rules": rules}
    if notifications:
        driver["notifications"] = notifications
    run: _Object = {
        "tool": {"driver": driver},
        "invocations": [_invocation(notices, notifications)],
        "columnKind": "unicodeCodePoints",
        "results": _results(results, rules, places),
    }
    bases = {name: {"description": {"text": _BASES[name]}} for name in sorted(places.bases)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{**run, "originalUriBaseIds": bases} if bases else run],
    }


# Codes --------------------------------------------------------------------------------------------------------------


def _descriptors(diagnostics: Sequence[Diagnostic]) -> list[_Object]:
    """What is known of the codes of some diagnostics, in the order of the codes."""
    kinds = {one.code: CATALOGUE.get(one.code, type(one)) for one in diagnostics}
    return [_descriptor(kind) for _, kind in sorted(kinds.items())]


def _descriptor(kind: type[Diagnostic]) -> _Object:
    page = page_of(kind)
    return {
        "id": kind.code,
        "name": kind.__name__,
        "shortDescription": {"text": summary_of(kind)},
        "fullDescription": {"text": _prose(page)},
        "help": {"text": f"{title_of(kind)}\n\n{page}", "markdown": f"# {title_of(kind)}\n\n{page}"},
        "defaultConfiguration": {"level": _LEVELS[kind.severity]},
    }


def _prose(page: str) -> str:
    """The first paragraphs of a page, up to its samples and lists."""
    paragraphs: list[str] = []
    for paragraph in page.split("\n\n"):
        if paragraph.startswith(("```", "* ", "Attributes:", " ")) or paragraph in ("Bad:", "Good:"):
            break
        paragraphs.append(" ".join(paragraph.split()))
    return "\n\n".join(paragraphs)


def _indices(descriptors: Sequence[_Object]) -> dict[str, int]:
    return {descriptor["id"]: index for index, descriptor in enumerate(descriptors)}


def _message(one: Diagnostic) -> _Object:
    parts = [one.headline(), *one.explanations(), one.advice()]
    return {"text": "\n".join(legible(part) for part in parts if part)}


# What was found -----------------------------------------------------------------------------------------------------


def _results(found: Sequence[Diagnostic], rules: Sequence[_Object], places: _Places) -> list[_Object]:
    indices = _indices(rules)
    return [
        _result(one, one.span, indices[one.code], fingerprint, places)
        for one, fingerprint in zip(found, fingerprints(found), strict=True)
        if one.span is not None
    ]


def _result(one: Diagnostic, span: Span, rule: int, fingerprint: str, places: _Places) -> _Object:
    location: _Object = {"physicalLocation": places.physical(span)}
    if one.caret():
        location["message"] = {"text": legible(one.caret())}
    result: _Object = {
        "ruleId": one.code,
        "ruleIndex": rule,
        "level": _LEVELS[one.severity],
        "message": _message(one),
        "locations": [location],
        "partialFingerprints": {_FINGERPRINT: fingerprint},
    }
    related = [_related(label, number, places) for number, label in enumerate((*one.labels(), *one.trace), start=1)]
    if related:
        result["relatedLocations"] = related
    fix = one.fix()
    if fix is not None:
        result["fixes"] = [_fix(fix, one, places)]
    return result


def _related(label: Label, number: int, places: _Places) -> _Object:
    return {
        "id": number,
        "physicalLocation": places.physical(label.span),
        "message": {"text": legible(told(label))},
    }


def _fix(fix: Fix, one: Diagnostic, places: _Places) -> _Object:
    replacements = [
        {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.replacement}} for edit in fix.edits
    ]
    change = {"artifactLocation": places.artifact(fix.source), "replacements": replacements}
    return {
        "description": {"text": legible(one.advice() or one.headline())},
        "artifactChanges": [change],
        "properties": {"safety": str(fix.safety)},
    }


def _invocation(notices: Sequence[Diagnostic], descriptors: Sequence[_Object]) -> _Object:
    """How the run went: not successfully where an error has no place, such as a file that cannot be read."""
    success = not any(one.severity is Severity.ERROR for one in notices)
    invocation: _Object = {"executionSuccessful": success}
    indices = _indices(descriptors)
    if notices:
        invocation["toolConfigurationNotifications"] = [
            {
                "descriptor": {"id": one.code, "index": indices[one.code]},
                "level": _LEVELS[one.severity],
                "message": _message(one),
            }
            for one in notices
        ]
    return invocation


# Places -------------------------------------------------------------------------------------------------------------


class _Places:
    """Places in files as SARIF has them.

    Attributes:
        bases: the names of the folders that paths are relative to.
    """

    def __init__(self) -> None:
        self.bases: set[str] = set()
        self._artifacts: dict[Source, _Object] = {}
        self._folder = _working_folder()

    def physical(self, span: Span) -> _Object:
        """A region in a file."""
        return {"artifactLocation": self.artifact(span.source), "region": _region(span)}

    def artifact(self, source: Source) -> _Object:
        """Where a file is."""
        if source not in self._artifacts:
            self._artifacts[source] = self._located(source)
        return self._artifacts[source]

    def _located(self, source: Source) -> _Object:
        if source.in_library:
            return self._below(_LIBRARY, f"{PurePath(source.name).name}.nn")
        if source.path is None or self._folder is None:
            return {"uri": _encoded(source.name)}
        for path in (os.path.abspath(source.name), source.path):
            if Path(path).is_relative_to(self._folder):
                return self._below(_FOLDER, Path(path).relative_to(self._folder).as_posix())
        return {"uri": source.path.as_uri()}

    def _below(self, base: str, path: str) -> _Object:
        self.bases.add(base)
        return {"uri": _encoded(path), "uriBaseId": base}


def _working_folder() -> Path | None:
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def _encoded(path: str) -> str:
    """A path as a relative reference: the bytes that the system has for it, percent-encoded where that is needed."""
    try:
        name = os.fsencode(path)
    except UnicodeEncodeError:
        name = path.encode("utf-8", "surrogatepass")
    return quote(name)


def _region(span: Span) -> _Object:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
        "charOffset": span.start,
        "charLength": span.end - span.start,
    }
