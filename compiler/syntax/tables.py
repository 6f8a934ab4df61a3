"""The tables of the parser, and where they are kept: making them takes a fifth of the time of checking a file.

They are kept as JSON in the user's folder for caches. Where that cannot be read or written they are made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from ..diagnostics import DotnnError

END: Final = "$END"

#: Changes whenever the form of the kept tables does, or what makes them.
_FORMAT: Final = 1


class Reduction(NamedTuple):
    """A rule has been recognized: replace its right-hand side by its value."""

    size: int
    origin: str
    #: Index of the method that builds the value; -1 for a rule that passes its only part on.
    method: int


class Tables:
    """What Lark makes of the grammar, in the form that is quickest to run.

    Attributes:
        starts: by start rule: the first state and the last.
        methods: names of the methods that build values.
        actions: by state and terminal: the next state, or the reduction to make first.
        gotos: by state and rule: the next state.
        terminals: names and regular expressions, in the order in which they are tried.
        ignored: a regular expression of what stands between terminals.
        patterns: by state: what may come next; compiled when first needed, since most files reach few states.
    """

    def __init__(
        self,
        starts: dict[str, tuple[int, int]],
        methods: list[str],
        actions: list[dict[str, int | Reduction]],
        gotos: list[dict[str, int]],
        terminals: list[tuple[str, str]],
        ignored: str,
    ) -> None:
        self.starts = starts
        self.methods = methods
        self.actions = actions
        self.gotos = gotos
        self.terminals = terminals
        self.ignored = ignored
        self.patterns: list[re.Pattern[str] | None] = [None] * len(actions)
        self._patterns: dict[frozenset[str], re.Pattern[str]] = {}

    def pattern(self, state: int) -> re.Pattern[str]:
        """One expression for everything that may come in a state: what is ignored, then a terminal or the end."""
        accepted = frozenset(self.actions[state])
        if accepted not in self._patterns:
            terminals = [f"(?P<{name}>{pattern})" for name, pattern in self.terminals if name in accepted]
            alternatives = "|".join([*terminals, r"(?P<END>\Z)"])
            self._patterns[accepted] = re.compile(f"(?:{self.ignored})*+(?:{alternatives})")
        pattern = self.patterns[state] = self._patterns[accepted]
        return pattern

    def accepted(self, states: list[int]) -> frozenset[str]:
        """The terminals that can really come next: the table takes some more, and notices a few reductions later."""
        return frozenset(s for s in self.actions[states[-1]] if s != END and self.shifts(list(states), s))

    def shifts(self, states: list[int], terminal: str) -> bool:
        """Whether a terminal can come next; uses the list of states up."""
        while True:
            action = self.actions[states[-1]].get(terminal)
            if not isinstance(action, Reduction):
                return action is not None
            del states[len(states) - action.size :]
            states.append(self.gotos[states[-1]][action.origin])

    def to_json(self) -> str:
        """A text that ``from_json`` makes equal tables of."""
        parts = (self.starts, self.methods, self.actions, self.gotos, self.terminals, self.ignored)
        return json.dumps(parts, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Tables:
        """The tables of a text.

        Raises:
            ValueError: it is no JSON, or of another form.
        """
        starts, methods, rows, gotos, terminals, ignored = json.loads(text)
        actions = [{s: t if isinstance(t, int) else Reduction(*t) for s, t in row.items()} for row in rows]
        return cls(starts, methods, actions, gotos, terminals, ignored)


def kept_tables(grammar: str, make: Callable[[], Tables]) -> Tables:
    """The tables of a grammar: those kept from an earlier run, or else made, and kept for the next one."""
    path = _path(grammar)
    if path is None:
        return make()
    with suppress(OSError, ValueError):
        return _read(path)
    tables = make()
    _keep(path, tables)
    return tables


def _path(grammar: str) -> Path | None:
    """Where to keep the tables of a grammar; None where the user has no folder."""
    digest = hashlib.sha256(f"{_FORMAT}\n{grammar}".encode()).hexdigest()
    variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    try:
        folder = Path(os.environ.get(variable) or Path.home() / ".cache")
    except RuntimeError:
        return None
    return folder / "dotnn" / f"grammar-{digest[:32]}.json"


def _read(path: Path) -> Tables:
    """The tables of a file, which begins with the digest of what follows."""
    digest, _, text = path.read_text(encoding="utf-8").partition("\n")
    if digest != hashlib.sha256(text.encode()).hexdigest():
        raise ValueError(f"{path} is damaged")
    return Tables.from_json(text)


def _keep(path: Path, tables: Tables) -> None:
    from ..atomic import PendingFile

    text = tables.to_json()
    with suppress(OSError, DotnnError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with PendingFile(path) as file:
            file.write(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}".encode())
            file.commit()
