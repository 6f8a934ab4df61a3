"""The tables of the parser, which Lark makes of the grammar, and which are shipped with it.

Making them takes a fifth of a second and Lark's import. So they stand beside the grammar in a file, with the digest of
the grammar that they were made of; where that is another one, they are made anew, in memory.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final, NamedTuple

END: Final = "$END"

#: The start rules: a whole file, or a single value.
FILE: Final = "file"
VALUE: Final = "value"


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

    def to_json(self, grammar: str) -> str:
        """The text of a file that ``from_json`` makes equal tables of.

        A state is a line in it, so that what a change of the grammar does to its tables can be read. Where an action is
        a reduction, it is the negative number of one of those listed, counted from -1.
        """
        reductions = sorted({one for row in self.actions for one in row.values() if isinstance(one, Reduction)})
        numbers = {reduction: -1 - index for index, reduction in enumerate(reductions)}
        actions = [{s: numbers[t] if isinstance(t, Reduction) else t for s, t in row.items()} for row in self.actions]
        parts = {
            "grammar": digest(grammar),
            "starts": self.starts,
            "ignored": self.ignored,
            "methods": self.methods,
            "terminals": self.terminals,
            "reductions": reductions,
            "actions": actions,
            "gotos": self.gotos,
        }
        return "{\n" + ",\n".join(f"{json.dumps(name)}: {_lines(part)}" for name, part in parts.items()) + "\n}\n"

    @classmethod
    def from_json(cls, text: str, grammar: str) -> Tables | None:
        """The tables of a file; None if it was made of another grammar."""
        parts = json.loads(text)
        if parts["grammar"] != digest(grammar):
            return None
        reductions = [Reduction(*one) for one in reversed(parts["reductions"])]
        actions = [{s: t if t >= 0 else reductions[t] for s, t in row.items()} for row in parts["actions"]]
        starts = {name: (first, last) for name, (first, last) in parts["starts"].items()}
        terminals = [(name, pattern) for name, pattern in parts["terminals"]]
        return cls(starts, parts["methods"], actions, parts["gotos"], terminals, parts["ignored"])


def digest(grammar: str) -> str:
    """SHA-256 of a grammar in UTF-8, as hexadecimal digits."""
    return hashlib.sha256(grammar.encode()).hexdigest()


def _lines(part: Any) -> str:
    """JSON with a line for each element of a list."""
    if not isinstance(part, list):
        return json.dumps(part)
    return "[\n" + ",\n".join(json.dumps(one) for one in part) + "\n]"
