"""The operators: one class each, one file per family.

``operators.Conv`` is found when it is first asked for, and with it all others, so that checking a file, which lowers
nothing, imports none of them.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .activation import *  # noqa: F403
    from .argmax import *  # noqa: F403
    from .arranging import *  # noqa: F403
    from .base import OPERATORS as OPERATORS
    from .base import InvalidOperands as InvalidOperands
    from .base import Known as Known
    from .base import Operator as Operator
    from .convolution import *  # noqa: F403
    from .einsum import *  # noqa: F403
    from .elementwise import *  # noqa: F403
    from .fused import *  # noqa: F403
    from .layout import *  # noqa: F403
    from .logic import *  # noqa: F403
    from .matrix_products import *  # noqa: F403
    from .normalization import *  # noqa: F403
    from .pooling import *  # noqa: F403
    from .positions import *  # noqa: F403
    from .recurrent import *  # noqa: F403
    from .reduction import *  # noqa: F403
    from .resizing import *  # noqa: F403
    from .symbolic_dims import *  # noqa: F403

#: The names of ``base`` that stand here, too.
_BASE = ("OPERATORS", "InvalidOperands", "Known", "Operator")


def __getattr__(name: str) -> Any:
    """Every operator class by its name, and the names of ``base``."""
    # A module of the package is asked for while it is not loaded yet: `from . import functions`.
    if not name[0].isupper():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    base = importlib.import_module(f"{__name__}.base")
    for file in sorted(os.listdir(os.path.dirname(__file__))):
        if file.endswith(".py") and file != "__init__.py":
            importlib.import_module(f"{__name__}.{file.removesuffix('.py')}")
    public = {one.__name__: one for one in base.OPERATORS.values()} | {one: getattr(base, one) for one in _BASE}
    globals().update({key: value for key, value in public.items() if key not in globals()})
    if name not in public:
        raise AttributeError(f"there is no operator {name!r}")
    return public[name]
