"""From bytes to a source: size, encoding, and characters that no text has."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from ..diagnostics import Report
from ..diagnostics.limits import LimitExceeded
from ..diagnostics.spelling import ControlCharacter, Encoding, NotUtf8
from ..limits import Limits
from ..source import Source

#: Control characters but for tabs and line ends, and the halves of surrogate pairs, which stand for nothing alone.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

#: So many bytes behind comments tell whether a text is one of ours.
LONGEST_HEAD = 4096

#: Blanks and comments.
_BLANK = re.compile(rb"(?:\s+|#[^\n]*)*")

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def begins_as_model(data: bytes) -> bool:
    """Whether bytes begin as `.nn` texts do, behind blanks and comments.

    There stands the head of a model, a block or a const, or an import with names and a path.
    """
    body = data.removeprefix(codecs.BOM_UTF8)
    blank = _BLANK.match(body)
    start = blank.end() if blank is not None else 0
    word, *rest = body[start : start + LONGEST_HEAD].split(None, 1) or [b""]
    if word == b"import":
        # Behind the last name, and before the path, stands `from`.
        names = rest[0].partition(b'"')[0].replace(b",", b" ").split() if rest else []
        return names[-1:] == [b"from"] and not {b"import", b"from"} & set(names[:-1])
    return word in (b"model", b"block", b"const") and bool(rest) and rest[0][:1].isalpha()


def read_source(
    data: bytes, name: str, path: Path | None, limits: Limits, report: Report, *, in_library: bool = False
) -> Source | None:
    """The text in some bytes.

    Args:
        data: the bytes of a file, or of standard input.
        name: what to call it in messages.
        path: the resolved file; None if it is none.
        limits: bounds of its size.
        report: takes the diagnostics.
        in_library: whether it is a file of the library.

    Returns:
        The source, without a byte order mark; None, and a diagnostic, if the bytes are too many, or no text in UTF-8.
    """
    if len(data) > limits.source_bytes:
        start = Source(name, "", path).span(0, 0)
        report.add(LimitExceeded(span=start, limit="source_bytes", maximum=limits.source_bytes))
        return None
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        source = Source(name, body.decode("utf-8"), path, in_library, marked=len(body) < len(data))
    except UnicodeDecodeError as error:
        _report_encoding(body, len(data) - len(body), error.start, Source(name, _shown(body), path), report)
        return None
    return None if report_control_characters(source, report) else source


def report_control_characters(source: Source, report: Report) -> bool:
    """Report the first character that no text has, if there is one; whether there is."""
    found = _CONTROL.search(source.text)
    if found is None:
        return False
    count = sum(1 for _ in _CONTROL.finditer(source.text))
    span = source.span(found.start(), found.end())
    report.add(ControlCharacter(span=span, number=ord(found.group()), count=count))
    return True


def _shown(body: bytes) -> str:
    """The text as far as it can be read, to point into."""
    return body.decode("utf-16" if body.startswith(_UTF16_MARKS) else "utf-8", "replace")


def _report_encoding(body: bytes, skipped: int, start: int, shown: Source, report: Report) -> None:
    offset = len(body[:start].decode("utf-8"))
    span = shown.span(offset, offset + 1)
    report.add(NotUtf8(span=span, byte=body[start], offset=start + skipped, guess=_guess(body)))


def _guess(body: bytes) -> Encoding:
    """What the encoding of bytes that are no UTF-8 may be."""
    if body.startswith(_UTF16_MARKS):
        return Encoding.UTF16
    return Encoding.UNMARKED_UTF16 if body.count(0) > len(body) // 8 else Encoding.LATIN
