"""From layers to operators: what the author wrote becomes what runtimes compute."""

from .lower import lower

__all__ = ["lower"]
