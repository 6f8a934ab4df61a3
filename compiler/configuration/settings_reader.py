"""Reading settings, every mistake in them told at its place."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from ..diagnostics import Diagnostic
from ..diagnostics.configuration import (
    NO_PATH,
    BadAmount,
    BadConfiguration,
    BadPathPattern,
    PathFault,
    SettingsBelowTable,
    Takes,
    TomlFault,
    UnknownBudget,
    UnknownSetting,
    WrongSetting,
    toml_kind,
)
from ..diagnostics.phrases import Phrase
from ..diagnostics.suggest import near_names
from ..measure.budgets import Budget
from ..measure.costs import COSTS
from ..source import Source, Span
from ..toml_errors import reason_and_place
from .amounts import counts_bytes, read_amount
from .codes import code_fault
from .patterns import Pattern, read_pattern
from .settings import Settings
from .toml_places import Keys, Place, places

#: Names that other tools have for what is measured.
_OTHER_NAMES: Final = {
    "parameters": "params",
    "depth": "longest_path",
    "layers": "longest_path",
    "flops": "macs",
    "weights": "weights_bytes",
    "weight_bytes": "weights_bytes",
    "size": "weights_bytes",
    "memory": "peak_activation_bytes",
    "activations": "peak_activation_bytes",
    "activation_bytes": "peak_activation_bytes",
}

_Value = TypeVar("_Value")


def read_settings(source: Source, folder: Path, is_shared: bool) -> Settings | None:
    """The settings in a text, with all that is wrong with them; None if it is shared and has none.

    Args:
        source: the text.
        folder: where its patterns begin.
        is_shared: whether they are the table ``[tool.dotnn]`` of it.
    """
    try:
        document: dict[str, Any] = tomllib.loads(source.text)
        reader = _Reader(source, folder, places(source))
    except tomllib.TOMLDecodeError as error:
        return Settings(folder, faults=(_no_toml(source, str(error)),))
    except ValueError:
        # Python reads no number of more than 4300 digits.
        return Settings(folder, faults=(BadConfiguration(path=source.name, fault=TomlFault.NUMBER_TOO_LONG()),))
    except RecursionError:
        return Settings(folder, faults=(BadConfiguration(path=source.name, fault=TomlFault.NESTED_TOO_DEEPLY()),))
    return reader.settings(document, ("tool", "dotnn") if is_shared else ())


def _no_toml(source: Source, said: str) -> BadConfiguration:
    reason, span = reason_and_place(source, said)
    return BadConfiguration(span=span, path=source.name, fault=TomlFault.NO_TOML(reason=reason))


class _Reader:
    """Takes the settings out of a document; what is wrong is noted, and left out."""

    def __init__(self, source: Source, folder: Path, found: Mapping[Keys, Place]) -> None:
        self._source = source
        self._folder = folder
        self._places = found
        self._faults: list[Diagnostic] = []

    def settings(self, document: Mapping[str, Any], at: Keys) -> Settings | None:
        """All of them; None where there is no such table."""
        table: Any = document
        for number, key in enumerate(at, 1):
            table = table.get(key)
            if table is None:
                return None
            if not isinstance(table, dict):
                return Settings(self._folder, faults=(self._wrong(at[:number], Takes.TABLE(), toml_kind(table)),))
        fields: dict[str, Any] = {}
        for key, value in table.items():
            setting = _SETTINGS.get(key)
            if setting is None:
                self._note(self._unknown(key, (*at, key), is_own=not at))
                continue
            field, read = setting
            found = read(self, value, (*at, key))
            if found is not None:
                fields[field] = found
        return Settings(self._folder, **fields, faults=tuple(self._faults))

    def _unknown(self, key: str, keys: Keys, is_own: bool) -> Diagnostic:
        span = self._places[keys].key
        if key == "tool" and is_own:
            return SettingsBelowTable(span=span, key=key, known=())
        return UnknownSetting(span=span, key=key, known=tuple(_SETTINGS), near=near_names(key, _SETTINGS))

    def _codes(self, value: object, keys: Keys, select: bool = False) -> tuple[str, ...] | None:
        if not isinstance(value, list):
            return self._note(self._wrong(keys, Takes.CODES(key=keys[-1]), toml_kind(value)))
        return tuple(self._each(value, keys, lambda one, at: self._code(one, at, keys, select)))

    def _code(self, value: object, at: Keys, keys: Keys, select: bool) -> str | None:
        if not isinstance(value, str):
            return self._note(self._wrong(at, Takes.CODES(key=keys[-1]), toml_kind(value), keys))
        fault = code_fault(value, select, self._places[at].value)
        return value.strip().upper() if fault is None else self._note(fault)

    def _selected(self, value: object, keys: Keys) -> tuple[str, ...] | None:
        return self._codes(value, keys, select=True)

    def _flag(self, value: object, keys: Keys) -> bool | None:
        return (
            value
            if isinstance(value, bool)
            else self._note(self._wrong(keys, Takes.FLAG(key=keys[-1]), toml_kind(value)))
        )

    def _file(self, value: object, keys: Keys) -> tuple[Path, Span] | None:
        if not isinstance(value, str) or not value or "\0" in value:
            found = NO_PATH if isinstance(value, str) else toml_kind(value)
            return self._note(self._wrong(keys, Takes.FILE(key=keys[-1]), found))
        return self._folder / value, self._places[keys].value

    def _patterns(self, value: object, keys: Keys) -> tuple[Pattern, ...] | None:
        wanted = Takes.PATTERNS(key=keys[-1])
        if not isinstance(value, list):
            return self._note(self._wrong(keys, wanted, toml_kind(value)))

        def read(one: object, at: Keys) -> Pattern | None:
            if not isinstance(one, str):
                return self._note(self._wrong(at, wanted, toml_kind(one), keys))
            return self._pattern(one, self._places[at].value, may_take_back=True)

        return tuple(self._each(value, keys, read))

    def _codes_by_pattern(self, value: object, keys: Keys) -> tuple[tuple[Pattern, tuple[str, ...]], ...] | None:
        if not isinstance(value, dict):
            return self._note(self._wrong(keys, Takes.CODES_BY_PATTERN(), toml_kind(value)))
        return tuple(self._by_pattern(value, keys, self._codes))

    def _budgets(self, value: object, keys: Keys) -> tuple[tuple[Pattern, tuple[Budget, ...]], ...] | None:
        if not isinstance(value, dict):
            return self._note(self._wrong(keys, Takes.BUDGETS(), toml_kind(value)))
        return tuple(self._by_pattern(value, keys, self._budget))

    def _budget(self, value: object, keys: Keys) -> tuple[Budget, ...] | None:
        if not isinstance(value, dict):
            return self._note(self._wrong(keys, Takes.BUDGET(), toml_kind(value)))
        found = (self._amount(metric, most, (*keys, metric)) for metric, most in value.items())
        return tuple(one for one in found if one is not None)

    def _amount(self, metric: str, value: object, keys: Keys) -> Budget | None:
        place = self._places[keys]
        if metric not in COSTS:
            plain = metric.replace("-", "_").lower()
            near = (_OTHER_NAMES[plain],) if plain in _OTHER_NAMES else near_names(plain, COSTS)
            return self._note(UnknownBudget(span=place.key, key=metric, known=tuple(COSTS), near=near))
        most = read_amount(value, metric)
        if isinstance(most, Phrase):
            in_bytes = counts_bytes(metric)
            return self._note(BadAmount(span=place.value, metric=metric, fault=most, in_bytes=in_bytes))
        return Budget(metric, most, str(keys[-2]), place.value)

    def _by_pattern(
        self, table: Mapping[str, object], keys: Keys, read: Callable[[object, Keys], _Value | None]
    ) -> Iterator[tuple[Pattern, _Value]]:
        for text, value in table.items():
            at = (*keys, text)
            pattern, found = self._pattern(text, self._places[at].key), read(value, at)
            if pattern is not None and found is not None:
                yield pattern, found

    def _pattern(self, text: str, span: Span, may_take_back: bool = False) -> Pattern | None:
        pattern = read_pattern(text)
        if isinstance(pattern, Pattern):
            fault = _fault_of(pattern, may_take_back)
            if fault is None:
                return pattern
            pattern = fault
        return self._note(BadPathPattern(span=span, pattern=text, fault=pattern))

    def _each(
        self, values: list[object], keys: Keys, read: Callable[[object, Keys], _Value | None]
    ) -> Iterator[_Value]:
        found = (read(value, (*keys, number)) for number, value in enumerate(values))
        return (one for one in found if one is not None)

    def _wrong(self, at: Keys, wanted: Phrase, found: str, named: Keys | None = None) -> WrongSetting:
        """The diagnostic of a value of a wrong kind, or of an element of one."""
        name = ".".join(str(key) for key in (named or at) if key not in ("tool", "dotnn")) or ".".join(map(str, at))
        return WrongSetting(span=self._places[at].value, key=name, wanted=wanted, found=found)

    def _note(self, fault: Diagnostic) -> None:
        self._faults.append(fault)


def _fault_of(pattern: Pattern, may_take_back: bool) -> Phrase | None:
    """What is wrong with a pattern that could be one of `.gitignore`, where it would only match nothing."""
    if pattern.negated and not may_take_back:
        return PathFault.TAKES_NOTHING_BACK()
    if any(name in (".", "..") for name in pattern.text.lstrip("!").split("/")):
        return PathFault.LEADS_OUT()
    backwards = pattern.backwards()
    return None if backwards is None else PathFault.RANGE_IS_EMPTY(low=backwards[0], high=backwards[1])


#: The settings: which field of `Settings` each is, and how it is read.
_SETTINGS: Final[Mapping[str, tuple[str, Callable[[_Reader, object, Keys], object]]]] = {
    "select": ("select", _Reader._selected),
    "ignore": ("ignore", _Reader._codes),
    "strict": ("strict", _Reader._flag),
    "exclude": ("exclude", _Reader._patterns),
    "per-file-ignores": ("ignored_in", _Reader._codes_by_pattern),
    "budgets": ("budgets", _Reader._budgets),
    "baseline": ("baseline", _Reader._file),
}
