"""Diagnostics: what can be wrong, said so that people thank us for it."""

from .base import CATALOGUE, Diagnostic, DotnnError, DotnnWarning, Fix, Label, Severity
from .report import Report

__all__ = ["CATALOGUE", "Diagnostic", "DotnnError", "DotnnWarning", "Fix", "Label", "Report", "Severity"]
