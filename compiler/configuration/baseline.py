"""Baselines: what was found when a team began, so that only what is new is shown.

A finding is known by its file, its code, its sentence and the text of its line, not by where that line stands: lines
may be added above it. What stands several times is counted, so that one more is new. Errors of the compiler are never
known: with one, there is no model, and no rule was asked.
"""

from __future__ import annotations

import errno
import json
import os
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from ..diagnostics import Diagnostic
from ..diagnostics.configuration import BadBaseline, BaselineFault
from ..diagnostics.fingerprints import identity
from ..diagnostics.phrases import Phrase
from ..regular_files import instead, read_regular, why_not
from ..source import Span
from .finding import shown_path

#: The version of the format.
VERSION: Final = 1
_MARK: Final = "dotnn_baseline"
_MOST_BYTES: Final = 50_000_000
_ERRORS: Final = "E"


class Finding(NamedTuple):
    """What a finding is known by.

    Attributes:
        file: the path of its file from the folder of the baseline, with ``/`` between names.
        line: the text of the line on which it begins, without blanks around it.
    """

    file: str
    code: str
    line: str
    message: str


class Baseline:
    """Known findings.

    Attributes:
        path: the file that has them.
    """

    def __init__(self, path: Path, known: Mapping[Finding, int]) -> None:
        self.path = path
        self._folder = path.parent.resolve()
        self._left = Counter(known)
        self._answers: dict[Hashable, bool] = {}

    @property
    def hidden(self) -> int:
        """How many findings it has hidden."""
        return sum(self._answers.values())

    def hides(self, found: Diagnostic) -> bool:
        """Whether a finding is known; each one that is takes one off those that are left.

        What is found twice at one place, as when two files import a third one, is one finding.
        """
        place = identity(found)
        if place not in self._answers:
            finding = finding_of(found, self._folder)
            known = finding is not None and self._left[finding] > 0
            self._answers[place] = known
            if finding is not None and known:
                self._left[finding] -= 1
        return self._answers[place]

    def gone(self, asked: Mapping[Path, Callable[[str], bool]]) -> Counter[Finding]:
        """The known findings that have not been found again.

        Args:
            asked: for every file that was checked, by its whole path, whether a code was asked there.
        """
        return Counter({one: count for one, count in self._left.items() if count > 0 and self._is_over(one, asked)})

    def _is_over(self, one: Finding, asked: Mapping[Path, Callable[[str], bool]]) -> bool:
        file = self._folder / one.file
        return asked[file](one.code) if file in asked else not os.path.lexists(file)

    def not_looked_for(self, asked: Mapping[Path, Callable[[str], bool]]) -> Counter[Finding]:
        """The known findings of which nobody knows whether they are there, which a new baseline takes over."""
        return Counter({one: count for one, count in self._left.items() if count > 0 and not self._is_over(one, asked)})


def finding_of(found: Diagnostic, folder: Path) -> Finding | None:
    """What a diagnostic is known by in a baseline of a folder; None where it can be known by nothing.

    That is so of errors of the compiler, and of what stands in no file of the user's.
    """
    span = found.span
    if found.code.startswith(_ERRORS) or span is None or span.source.path is None or span.source.in_library:
        return None
    file = _relative(span.source.path, folder)
    return None if file is None else Finding(file, found.code, span.source.line(span.line).strip(), found.headline())


def read_baseline(path: Path, named: Span | None = None) -> Baseline | BadBaseline:
    """The findings of a file, or what is wrong with it.

    Args:
        path: the file.
        named: where the settings name it.
    """
    shown = shown_path(path)
    try:
        content = read_regular(path, _MOST_BYTES)
        known = _known(content)
    except FileNotFoundError:
        return BadBaseline(span=named, path=shown, fault=BaselineFault.IS_MISSING(path=shown))
    except json.JSONDecodeError as error:
        known = BaselineFault.NO_JSON(line=error.lineno, column=error.colno, reason=error.msg.lower())
    except RecursionError:
        known = BaselineFault.NESTED_TOO_DEEPLY()
    except UnicodeDecodeError:
        known = BaselineFault.NO_TEXT()
    except OSError as error:
        is_folder = error.errno == errno.EISDIR
        fault = BaselineFault.IS_FOLDER() if is_folder else BaselineFault.CANNOT_BE_READ(reason=why_not(error))
        return BadBaseline(span=named, path=shown, fault=fault, hint=instead(error))
    except ValueError:
        # Python reads no number of more than 4300 digits.
        known = BaselineFault.NUMBER_TOO_LONG()
    return BadBaseline(span=named, path=shown, fault=known) if isinstance(known, Phrase) else Baseline(path, known)


def written(findings: Mapping[Finding, int]) -> bytes:
    """A baseline as it is written: the same findings give the same bytes."""
    entries = [{**finding._asdict(), "count": count} for finding, count in sorted(findings.items())]
    text = json.dumps({_MARK: VERSION, "findings": entries}, indent=2, ensure_ascii=False)
    return f"{text}\n".encode("utf-8", "backslashreplace")


def _known(content: bytes) -> Counter[Finding] | Phrase:
    if len(content) > _MOST_BYTES:
        return BaselineFault.TOO_LONG(most=_MOST_BYTES)
    document: Any = json.loads(content.decode("utf-8-sig"))
    if not isinstance(document, dict) or _MARK not in document or not isinstance(document.get("findings"), list):
        return BaselineFault.NO_BASELINE()
    if document[_MARK] != VERSION:
        return BaselineFault.OTHER_VERSION(found=repr(document[_MARK])[:20], known=VERSION)
    known: Counter[Finding] = Counter()
    for number, entry in enumerate(document["findings"], 1):
        count = entry.get("count") if isinstance(entry, dict) else None
        texts = [entry.get(field) for field in Finding._fields] if isinstance(entry, dict) else []
        texts = [text for text in texts if isinstance(text, str)]
        if not isinstance(count, int) or count < 1 or len(texts) < len(Finding._fields):
            return BaselineFault.BAD_FINDING(number=number)
        known[Finding(*texts)] += count
    return known


def _relative(file: Path, folder: Path) -> str | None:
    """The path of a file from a folder; None on another drive."""
    return None if file.anchor != folder.anchor else Path(os.path.relpath(file, folder)).as_posix()
