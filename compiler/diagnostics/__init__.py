"""Diagnostics: what can be wrong, said so that people thank us for it."""

from .base import CATALOGUE, Diagnostic, DotnnError, DotnnWarning, Label, Severity
from .fixes import Edit, Fix, Safety
from .report import Report

__all__ = [
    "CATALOGUE",
    "Diagnostic",
    "DotnnError",
    "DotnnWarning",
    "Edit",
    "Fix",
    "Label",
    "Report",
    "Safety",
    "Severity",
]
