"""What layers demand of sizes: an error where it is certainly not met, and kept for feeding where that is not known."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic
from .phrases import filled


@record
class SizeTooSmall(Diagnostic):
    """Base of diagnostics of sizes that are too small; ``demanded_for`` is what a demand on sizes to come says."""

    demanded_for: ClassVar[str] = ""  #: a template

    @property
    def demand(self) -> str:
        """Why the size must be as large, where it is not known before the model is fed."""
        return filled(self.demanded_for, self)
