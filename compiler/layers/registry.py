"""Where layers are found by their kinds: a family is loaded when one of its layers is asked for."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TypeVar, final

from .index import MODULES

_Class = TypeVar("_Class", bound=type)


@final
class Registry(Mapping[str, _Class]):
    """Layer classes by kind. Going through it loads all of them.

    Which module has a kind says the index, which ``docs/generate.py`` writes. A layer that is new to it is found all
    the same, once all are loaded.
    """

    def __init__(self) -> None:
        self._classes: dict[str, _Class] = {}

    def add(self, kind: str, layer: _Class) -> None:
        """Note a class; of one kind the last one counts."""
        self._classes[kind] = layer

    def __getitem__(self, kind: str) -> _Class:
        found = self._classes.get(kind)
        if found is not None:
            return found
        if kind in MODULES:
            _load(MODULES[kind])
        else:
            load_all()
        return self._classes[kind]

    def __contains__(self, kind: object) -> bool:
        """Whether there is a layer of this kind, for which nothing is loaded."""
        return kind in self._classes or kind in MODULES

    def __iter__(self) -> Iterator[str]:
        load_all()
        return iter(self._classes)

    def __len__(self) -> int:
        load_all()
        return len(self._classes)


@cache
def load_all() -> None:
    """Load all families, in the order of their names; once, for names are looked up many times."""
    for file in sorted(os.listdir(os.path.dirname(__file__))):
        name, ending = os.path.splitext(file)
        if ending == ".py" and name != "__init__":
            _load(name)


def _load(module: str) -> None:
    importlib.import_module(f"{__package__}.{module}")
