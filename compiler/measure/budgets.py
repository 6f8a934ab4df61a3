"""Budgets: what a model may cost at most, by the metrics that ``expect`` has for a whole model."""

from __future__ import annotations

from ..records import positional_record
from ..source import Span


@positional_record
class Budget:
    """The most that every model of some files may have of something.

    Attributes:
        metric: the name of a cost, one of ``COSTS``.
        most: the largest number that is within it.
        pattern: which files it is for.
        place: where it is written.
    """

    metric: str
    most: int
    pattern: str
    place: Span | None = None
