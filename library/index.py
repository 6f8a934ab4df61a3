"""The public blocks of the library. Written by ``docs/generate.py``; not to be edited."""

from __future__ import annotations

from collections.abc import Mapping

from . import Indexed

BLOCKS: Mapping[str, Indexed] = {
    "shortcut": Indexed("dotnn/residual", "The input of a block, brought to the shape of its output"),
    "basic": Indexed("dotnn/residual", "Two 3x3 convolutions, for the smaller networks"),
    "bottleneck": Indexed(
        "dotnn/residual",
        "A 1x1 convolution to fewer channels, a 3x3 there, and a 1x1 to four times as many, for the larger networks",
    ),
    "basic_stage": Indexed(
        "dotnn/residual", "Basic blocks one after the other; the first one may halve rows and columns"
    ),
    "bottleneck_stage": Indexed(
        "dotnn/residual", "Bottlenecks one after the other; the first one may halve rows and columns"
    ),
}
