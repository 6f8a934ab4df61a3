"""Layers are found by an index, and only those that a file uses are loaded."""

from __future__ import annotations

import subprocess
import sys

from dotnn.compiler.layers import LAYERS
from dotnn.compiler.layers.index import MODULES

#: What is printed: the families that checking a file of one layer loads.
PROBE = """
import sys
from dotnn.compiler import compile_source
found = compile_source("model net {{ input x: float32[N, 4] output y = x -> {layer} }}")
print(*sorted(name.rpartition(".")[2] for name in sys.modules if name.startswith("dotnn.compiler.layers.")))
"""


def loaded(layer: str, forget: str = "") -> list[str]:
    """The modules of the room that are loaded, in a process whose index has forgotten a layer."""
    program = PROBE.format(layer=layer)
    if forget:
        program = f"from dotnn.compiler.layers import index; del index.MODULES[{forget!r}]\n{program}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_only_the_families_that_a_file_uses_are_loaded() -> None:
    found = loaded("relu")
    assert MODULES["relu"] in found
    assert not {MODULES["conv2d"], MODULES["lstm"], MODULES["max_pool2d"]} & set(found)


def test_what_the_index_does_not_have_yet_is_found_all_the_same() -> None:
    assert {MODULES["relu"], MODULES["lstm"]} <= set(loaded("relu", forget="relu"))


def test_a_name_that_is_no_layer_loads_nothing() -> None:
    assert "nothing_like_it" not in LAYERS
    assert LAYERS.get("nothing_like_it") is None
    assert dict(LAYERS).keys() >= MODULES.keys()
