"""Where things are that tests read."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
ZOO = EXAMPLES / "zoo"
DATA = EXAMPLES / "data"
LIBRARY = ROOT / "library"
DOCS = ROOT / "docs"
FACTS = ROOT / "tests" / "facts"
GOLDEN = ROOT / "tests" / "golden"
