"""Which rules there are. Written by ``docs/generate.py``; not to be edited."""

from __future__ import annotations

from collections.abc import Mapping

from .rows import Row

RULES: Mapping[str, Row] = {
    "L108": Row("softmax_on_one_unit", ("softmax",), True),
}
