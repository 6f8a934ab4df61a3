"""Whether names of classes fit what a model gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..diagnostics import Diagnostic
from ..diagnostics.running import LabelsDoNotFit


def judge_labels(labels: Sequence[str], outputs: Mapping[str, Sequence[object] | None]) -> Diagnostic | None:
    """A warning where no output has as many classes as there are names.

    Args:
        labels: names of the classes.
        outputs: shapes by name, with the classes on the last axis; what is no int is not known, and may fit.
    """
    sizes = {name: shape[-1] if shape else None for name, shape in outputs.items()}
    if not sizes or any(size is None or not isinstance(size, int) or size == len(labels) for size in sizes.values()):
        return None
    return LabelsDoNotFit(count=len(labels), classes=tuple(sizes.items()))
