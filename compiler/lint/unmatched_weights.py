"""Layers whose weights are not in a given file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import ClassVar

from ..diagnostics.suggest import did_you_mean
from ..elaborate.models import Network
from ..graph.graph import Node
from ..graph.tensors import Literal
from ..records import record
from ..source import Span
from .base import Lint, Subject, is_own, place_of

#: Names that the file lacks, of which near ones are looked for.
_MOST_SHOWN = 20


@record
class UnmatchedWeights(Lint):
    """No tensor of the file that `--weights` names belongs to a label of the model.

    Weights are loaded by their names, and these are made of the labels. Of a block, a group or a layer of which nothing
    is in the file, the outermost is told. A prefix that all names of the file have, such as `module.`, makes no
    difference: `--strip-prefix` takes it off where weights are loaded. Weights that the text gives as numbers need no
    file. Without `--weights`, nothing is said. These samples are held against a file with `fc1.weight` and `fc1.bias`.

    Bad:

    ```nn
    model net {
        input x: float32[N, 16]
        output y = x -> fc: dense(8)
    }
    ```

    Good:

    ```nn
    model net {
        input x: float32[N, 16]
        output y = x -> fc1: dense(8)
    }
    ```
    """

    code: ClassVar[str] = "L412"
    message: ClassVar[str] = "no tensor of `{path}` belongs to `{name}`"
    label: ClassVar[str] = "its weights are named by this"
    needs: ClassVar[tuple[str, ...]] = ("weights",)
    remedy: ClassVar[str] = "{question}call it what the file does; `dotnn weights {path}` lists the names"

    path: str
    name: str
    near: tuple[str, ...] = ()

    @property
    def question(self) -> str:
        """The names that may be meant, as a question."""
        found = did_you_mean(self.near)
        return f"{found} " if found else ""

    @classmethod
    def find(cls, subject: Subject) -> Iterator[UnmatchedWeights]:
        """The outermost name of everything that is not in the file, in the order of the text."""
        if subject.surroundings.weights is None:
            return
        # For those who have a file; it takes longer to load than all rules about names.
        from ..weights.name_hints import common_prefix, near_tensors

        path, names, by_layers = subject.surroundings.weights
        if by_layers:
            yield MatchedByLayers(path=path, name="")
            return
        for network in subject.networks:
            wanted = _wanted(network)
            prefix = common_prefix(names, wanted)
            stored = {name.removeprefix(prefix) for name in names}
            there = Counter(one for name in stored for one in _beginnings(name))
            beside = _by_scope(there)
            told: set[str] = set()
            for name, node in wanted.items():
                missing = next((one for one in _beginnings(name) if not there[one]), None)
                if missing is not None and missing not in told:
                    told.add(missing)
                    # Near names take a while to find.
                    near = near_tensors(missing, beside[_scope(missing)]) if len(told) <= _MOST_SHOWN else ()
                    yield cls(span=_place(missing, node), path=path, name=missing, near=near)


@record
class MatchedByLayers(UnmatchedWeights):
    """A file of Keras."""

    message: ClassVar[str] = "`{path}` is of Keras: its tensors are matched by layers, and not by labels alone"
    label: ClassVar[str] = ""
    remedy: ClassVar[str] = "`dotnn weights {path} --for NET` shows what fits"


def _wanted(network: Network) -> Mapping[str, Node]:
    """The weights that a file must have, by name, and what has them."""
    nodes = ((weight, node) for node in network.graph.nodes() for weight in node.owned)
    found: dict[str, Node] = {}
    for weight, node in nodes:
        if not isinstance(weight.initializer, Literal):
            found.setdefault(weight.name, node)
    return found


def _beginnings(name: str) -> Iterator[str]:
    """``a``, ``a.b`` and ``a.b.c`` of ``a.b.c``."""
    return accumulate(name.split("."), lambda one, other: f"{one}.{other}")


def _scope(name: str) -> str:
    return name.rpartition(".")[0]


def _by_scope(names: Iterable[str]) -> Mapping[str, list[str]]:
    """Names by what they lie in."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        found[_scope(name)].append(name)
    return found


def _place(name: str, node: Node) -> Span | None:
    """The label of a layer; the outermost call, where a whole block is missing."""
    if not is_own(node):
        return place_of(node)
    origin = node.origin
    if "." not in name and origin.calls and origin.path != name:
        return origin.calls[-1]
    label = origin.call.label if origin.call is not None else None
    return label or place_of(node)
