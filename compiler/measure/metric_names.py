"""The names of what ``expect`` can measure; they mean nothing else anywhere."""

from __future__ import annotations

from .costs import COSTS

#: The metric of a value; all others are of the model.
RECEPTIVE_FIELD = "receptive_field"

#: Every metric.
METRICS = (*COSTS, RECEPTIVE_FIELD)
