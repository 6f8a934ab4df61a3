"""JSON of files that come from anywhere: of bounded size, and without names that occur twice."""

from __future__ import annotations

import json

from ..diagnostics.damage import FileDamage

#: Longer texts are refused: they would take many times their length in memory.
LONGEST = 16 << 20


class BadJson(ValueError):
    """What is wrong with a text, as a phrase behind ``it`` or the name of what holds it."""


def parse_json(content: bytes) -> object:
    """What a text says.

    Raises:
        BadJson: it is too long, no JSON, nested too deeply, or has a name twice.
    """
    if len(content) > LONGEST:
        raise BadJson(FileDamage.JSON_TOO_LONG(length=len(content), most=LONGEST))
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_without_duplicates)
    except BadJson:
        raise
    except RecursionError:
        raise BadJson(FileDamage.JSON_TOO_DEEP()) from None
    except ValueError as error:
        raise BadJson(FileDamage.NO_JSON(reason=str(error))) from error


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise BadJson(FileDamage.JSON_NAME_TWICE(name=name))
        seen.add(name)
    return fields
