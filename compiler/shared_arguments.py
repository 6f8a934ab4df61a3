"""Arguments that are given to all models of some files: each model takes those it has, and one must have each."""

from __future__ import annotations

from .diagnostics import Diagnostic
from .diagnostics.imports import NoModelWithArgument, NoSuchArgument
from .diagnostics.suggest import near_names
from .names.project import Module
from .request import Request
from .syntax import tree


class SharedArguments:
    """The arguments of a call, held against the models of the files that it checks."""

    def __init__(self, wanted: Request) -> None:
        self._model = wanted.model
        self._given = tuple(wanted.arguments or ())
        self._known: dict[str, None] = {}
        self._first: tree.Model | None = None
        self._count = 0
        self._all_read = True

    def heed(self, module: Module | None) -> None:
        """Take note of the models of a file; None for one that could not be read."""
        if module is None or module.file.skipped:
            self._all_read = False
            return
        models = [one for name, one in module.models.items() if self._model in (None, name)]
        self._known |= dict.fromkeys(formal.name.name for one in models for formal in one.formals)
        self._first = self._first or next(iter(models), None)
        self._count += len(models)

    def faults(self) -> list[Diagnostic]:
        """The arguments that no model has; none where nobody knows, since a file could not be read."""
        if not self._all_read or not self._count:
            return []
        return [self._fault(name, tuple(self._known)) for name in self._given if name not in self._known]

    def _fault(self, name: str, known: tuple[str, ...]) -> Diagnostic:
        near = near_names(name, known)
        if self._first is None or self._count > 1:
            return NoModelWithArgument(name=name, known=known, near=near)
        place = self._first.name
        return NoSuchArgument(span=place.span, model=place.name, name=name, known=known, near=near)
