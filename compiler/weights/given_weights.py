"""Weights as callers in Python give them: the path of a file, arrays by name, or an open source."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeAlias

from ..diagnostics.notices import tell
from ..graph.graph import Graph
from ..python_arguments import need, need_path, type_name
from .binding import bind_weights
from .formats import ENDINGS
from .given_arrays import GivenArrays
from .given_keras import GivenKerasModel, is_keras_model
from .matching import Matching
from .readers import open_weights
from .weight_file import WeightFile
from .weight_values import WeightSource

Weights: TypeAlias = str | os.PathLike[str] | Mapping[str, Any] | WeightSource
"""The path of a weight file; arrays by name, such as a ``state_dict`` of PyTorch; what `bind_weights` gives; or a model
of Keras, which no type here tells."""


@contextmanager
def given_weights(
    given: Weights | None, graph: Graph, matching: Matching | None = None
) -> Iterator[WeightSource | None]:
    """What a caller gives as the values of a model's weights, bound to them, as long as the block runs.

    What the numbers themselves have to say is known when they have been read: then it is told, and becomes a
    `DotnnWarning` where nobody listens. A source that the caller has bound is taken as it is, and its warnings are the
    caller's business.

    Args:
        given: a path, a mapping, a model of Keras, a source, or None, which stays None.
        graph: the layers of the model.
        matching: how names become those of the model, and what may be missing.

    Raises:
        TypeError: it is none of these, or there is nothing to match.
        DotnnError: the file cannot be read, or all that does not fit.
    """
    if matching is not None:
        need(matching, Matching, "matching must be a dotnn.Matching", "such as `dotnn.Matching(allow_missing=True)`")
    if given is None:
        if matching is not None:
            raise TypeError("matching says how weights are matched, and none are given: give them as `weights`")
        yield None
        return
    with _opened(given) as found:
        if not isinstance(found, WeightFile):
            if matching is not None:
                raise TypeError("these weights are matched already: give `matching` to `bind_weights`")
            yield found
            return
        bound = bind_weights(found, graph, matching)
        yield bound
        for diagnostic in bound.warnings():
            tell(diagnostic)


def _opened(given: Weights) -> AbstractContextManager[WeightFile | WeightSource]:
    if isinstance(given, str | os.PathLike):
        return open_weights(need_path(given, "weights"))
    if isinstance(given, Mapping):
        return GivenArrays(given)
    # With PyTorch behind it, such a model is one of PyTorch's, too.
    if is_keras_model(given):
        return GivenKerasModel(given)
    if callable(getattr(given, "load", None)) and hasattr(given, "names"):
        # Whoever has opened it closes it.
        return nullcontext(given)
    remedy = "give its `state_dict()`" if hasattr(given, "state_dict") else "such as a `state_dict` of PyTorch"
    what = f"weights must be the path of a {ENDINGS} file, a mapping from names to arrays, or a model of Keras"
    raise TypeError(f"{what}, not {type_name(given)}: {remedy}")
