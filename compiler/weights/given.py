"""Weights as callers in Python give them: the path of a file, arrays by name, or an open source."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeAlias, TypeGuard

from ..arguments import need_path, type_name
from ..diagnostics.notices import tell
from ..graph.tensors import Weight
from .arrays import ArrayWeights
from .binding import bind_weights
from .formats import ENDINGS
from .readers import WeightFile, open_weights
from .values import WeightSource

Weights: TypeAlias = str | os.PathLike[str] | Mapping[str, Any] | WeightSource
"""The path of a weight file; arrays by name, such as a ``state_dict`` of PyTorch; or what `bind_weights` gives."""


@contextmanager
def given_weights(given: Weights | None, weights: Sequence[Weight]) -> Iterator[WeightSource | None]:
    """What a caller gives as the values of a model's weights, bound to them by name, as long as the block runs.

    What the numbers themselves have to say is known when they have been read: then it is told, and becomes a
    `DotnnWarning` where nobody listens. A source that the caller has bound is taken as it is, and its warnings are the
    caller's business.

    Args:
        given: a path, a mapping, a source, or None, which stays None.
        weights: all weights of the model.

    Raises:
        TypeError: it is none of these.
        DotnnError: the file cannot be read, or all that does not fit.
    """
    if given is None:
        yield None
        return
    with _opened(given) as found:
        if not _is_unbound(found):
            yield found
            return
        bound = bind_weights(found, weights)
        yield bound
        for diagnostic in bound.warnings():
            tell(diagnostic)


def _is_unbound(source: WeightSource) -> TypeGuard[WeightFile]:
    """Whether it has names and shapes of its own, which need not be the model's, as files and arrays have."""
    return hasattr(source, "element_type")


def _opened(given: Weights) -> AbstractContextManager[WeightFile | WeightSource]:
    if isinstance(given, str | os.PathLike):
        return open_weights(need_path(given, "weights"))
    if isinstance(given, Mapping):
        return ArrayWeights(given)
    if callable(getattr(given, "load", None)) and hasattr(given, "names"):
        # Whoever has opened it closes it.
        return nullcontext(given)
    remedy = "give its `state_dict()`" if hasattr(given, "state_dict") else "such as a `state_dict` of PyTorch"
    what = f"weights must be the path of a {ENDINGS} file, or a mapping from names to arrays"
    raise TypeError(f"{what}, not {type_name(given)}: {remedy}")
