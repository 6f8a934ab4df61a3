"""What is measured on the layer graph, as written.

Attributes:
    METRICS: what ``expect`` can measure; these names mean nothing else anywhere.
"""

from .costs import COSTS

#: The metric of a value; all others are of the model.
RECEPTIVE_FIELD = "receptive_field"

METRICS = (*COSTS, RECEPTIVE_FIELD)

__all__ = ["COSTS", "METRICS", "RECEPTIVE_FIELD"]
