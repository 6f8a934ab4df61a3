"""What a model tells of itself: where it comes from, where each node comes from, and what feeds must satisfy.

All of it follows from the source and the arguments of the build; nothing depends on the time, the place or
the machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

from ..dims import format_dim
from ..dims.linear import SymbolSource
from ..graph.graph import Demand, Graph, Origin
from ..graph.symbol_sources import symbol_sources
from ..measure.input_ranges import InputRange
from ..passes.targets import DEFAULT_TARGET, Target
from ..weights.weight_values import WeightValues

#: The version of the keys below and of what their values mean. Version 2 adds ``dotnn.symbols``, and with it axes such
#: as ``4*H`` from which no other axis tells ``H``.
FORMAT = "2"
#: Between the entries of a fused node.
SEPARATOR = ";"


@dataclass(frozen=True, kw_only=True)
class ModelMetadata:
    """Facts about a build that the graph does not hold.

    Attributes:
        source_digest: SHA-256 of the source, as hexadecimal digits.
        target: what the model is built for.
        labels: names of the classes, or None.
        ranges: what the layers say of inputs of integers.
        optimized: whether passes have optimized the operators.
    """

    source_digest: str = ""
    target: Target = DEFAULT_TARGET
    labels: tuple[str, ...] | None = None
    ranges: tuple[InputRange, ...] = ()
    optimized: bool = True


@cache
def producer_version() -> str:
    """The version of the installed distribution."""
    return version("dotnn")


def model_properties(graph: Graph, values: WeightValues, metadata: ModelMetadata) -> dict[str, str]:
    """The metadata of a model, by key.

    ``dotnn.symbols`` is a JSON list of objects with ``symbol``, ``input``, ``axis``, ``factor`` and ``offset``: that
    axis of that input is ``factor * symbol + offset``. ``dotnn.demands`` is a JSON list of objects with ``dim`` (as
    printed), ``minimum`` and ``reason``. ``dotnn.ranges`` has for inputs of integers ``input``, ``low`` and ``high``,
    the last one a dimension as printed. ``dotnn.labels``, a JSON list of strings, is there only when classes are named.
    """
    properties = {
        "dotnn.version": producer_version(),
        "dotnn.format": FORMAT,
        "dotnn.source.digest": metadata.source_digest,
        "dotnn.seed": str(values.seed),
        "dotnn.target": metadata.target,
        "dotnn.weights": values.state(graph.weights()).value,
        "dotnn.symbols": _json(_symbol(source) for source in symbol_sources(graph).values()),
        "dotnn.demands": _json(_demand(demand) for demand in graph.demands),
    }
    if metadata.ranges:
        properties["dotnn.ranges"] = _json(map(_range, metadata.ranges))
    if metadata.labels is not None:
        properties["dotnn.labels"] = _json(metadata.labels)
    return properties


def node_properties(origins: Iterable[Origin]) -> dict[str, str]:
    """The source map of a node: every ``file:line:column`` and every hierarchical path it stands for, each
    once.

    A node that no text stands for has no place, and one that a pass made of nothing has no path.
    """
    origins = tuple(origins)
    places = dict.fromkeys(str(origin.place) for origin in origins if origin.place is not None)
    paths = dict.fromkeys(origin.path for origin in origins)
    properties = {"dotnn.source": SEPARATOR.join(places), "dotnn.path": SEPARATOR.join(paths)}
    return {key: _encodable(text) for key, text in properties.items() if text}


def _demand(demand: Demand) -> dict[str, str | int]:
    return {"dim": format_dim(demand.dim), "minimum": demand.minimum, "reason": demand.reason}


def _range(found: InputRange) -> dict[str, str | int]:
    return {"input": found.input, "low": found.low, "high": format_dim(found.high)}


def _symbol(source: SymbolSource) -> dict[str, str | int]:
    form = source.form
    place = {"input": source.input, "axis": source.axis}
    return {"symbol": form.name, **place, "factor": form.factor, "offset": form.offset}


def _json(values: Iterable[object]) -> str:
    return _encodable(json.dumps(list(values), ensure_ascii=False, separators=(",", ":")))


def _encodable(text: str) -> str:
    r"""The text as UTF-8 has it: names of files may hold other bytes, which become escapes such as ``\udc80``."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
