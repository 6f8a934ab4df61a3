"""What is known of a rule before it is loaded."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """A row of the index: the module of a rule, the layers that it is about, and whether it is asked by itself.

    ``needs`` are the options of which one must be said: see ``Lint``.
    """

    module: str
    layers: tuple[str, ...]
    enabled: bool
    needs: tuple[str, ...] = ()
