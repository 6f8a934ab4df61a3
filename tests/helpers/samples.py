"""The samples of all layers as models: as they are written, with sizes filled in, or of other elements."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from dotnn.compiler import compile_source
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.layers.base import LAYERS, Sample

#: No layer gives more results than this in a sample.
MOST_RESULTS = 8


@dataclass(frozen=True)
class Case:
    kind: str
    index: int

    def __str__(self) -> str:
        return f"{self.kind}-{self.index}"

    @property
    def sample(self) -> Sample:
        return LAYERS[self.kind].samples[self.index]


#: The language's own layers; other test modules may define further ones.
LANGUAGE = {kind: layer for kind, layer in LAYERS.items() if layer.__module__.startswith("dotnn.")}
KINDS = sorted(kind for kind, layer in LANGUAGE.items() if layer.samples)
CASES = [Case(kind, index) for kind in KINDS for index in range(len(LAYERS[kind].samples))]


@cache
def compiled(case: Case) -> Compiled:
    """The model around a sample, with all results bound."""
    return _compiled(case)


@cache
def sized(case: Case) -> Compiled:
    """The same at the last one of its sizes, with numbers for all symbols."""
    return _compiled(case, sizes=case.sample.sizes[-1])


def of_elements(case: Case, element: str) -> Compiled | None:
    """The same with the floats of its inputs replaced, or all elements if the first is no float; None if it is no net.

    A layer may not admit the elements.
    """
    first = next(iter(case.sample.inputs.values())).partition("[")[0]
    try:
        return _compiled(case, elements={first: element})
    except DotnnError:
        return None


def _compiled(
    case: Case, sizes: Mapping[str, int] | None = None, elements: Mapping[str, str] | None = None
) -> Compiled:
    def model(results: int) -> Compiled:
        text = text_of(case.sample, results, elements or {})
        for name, size in (sizes or {}).items():
            text = re.sub(rf"\b{name}\b", str(size), text)
        return compile_source(text)

    layer = LAYERS[case.kind]
    if not layer.take_all_results:
        return model(len(layer.result_names))
    for count in range(1, MOST_RESULTS):
        try:
            return model(count)
        except DotnnError:
            continue
    return model(MOST_RESULTS)


def text_of(sample: Sample, results: int, elements: Mapping[str, str]) -> str:
    names = [f"result_{index}" for index in range(results)]
    lines = [f"input {name}: {_of(found, elements)}" for name, found in sample.inputs.items()]
    lines.append(f"{', '.join(names)} = {sample.expression}")
    lines += [f"output out_{index} = {name}" for index, name in enumerate(names)]
    return "model sample() {\n    " + "\n    ".join(lines) + "\n}\n"


def _of(found: str, elements: Mapping[str, str]) -> str:
    element, bracket, shape = found.partition("[")
    return f"{elements.get(element, element)}{bracket}{shape}"
