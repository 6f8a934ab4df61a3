"""Bounds that keep every input text from hanging or exhausting the machine.

Each is generous for networks that people write and is raised by ``--limit name=value`` or by ``Limits(name=value)``.
"""

from __future__ import annotations

from dataclasses import field, fields

from .records import record


def _limit(default: int, meaning: str) -> int:
    return field(default=default, metadata={"meaning": meaning})


@record
class Limits:
    """How much one compilation may use; every bound is inclusive."""

    source_bytes: int = _limit(1_000_000, "bytes of one source file")
    tokens: int = _limit(400_000, "tokens of one source file")
    nesting: int = _limit(200, "levels of brackets, operators, blocks and conditions inside each other")
    steps: int = _limit(500_000, "steps of evaluation")
    list_length: int = _limit(200_000, "elements of one list, and characters of one string")
    integer_bits: int = _limit(256, "bits of one integer")
    nodes: int = _limit(20_000, "nodes of one graph")
    name_length: int = _limit(1000, "characters of one full name")
    imports: int = _limit(200, "imported files")
    import_depth: int = _limit(32, "imports inside each other")

    def __post_init__(self) -> None:
        for one in fields(self):
            if not isinstance(getattr(self, one.name), int):
                raise TypeError(f"{one.name} must be an int, not {type(getattr(self, one.name)).__name__}")

    @classmethod
    def meanings(cls) -> dict[str, str]:
        """What each limit counts, by its name."""
        return {one.name: one.metadata["meaning"] for one in fields(cls)}
