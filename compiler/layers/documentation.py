"""Documentation of layers, made from their classes: what ``dotnn layers NAME`` and the reference page show."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..diagnostics.paragraphs import fill_paragraphs
from ..graph.types import DType
from ..written import value_text
from .attributes import REQUIRED
from .base import Layer, Operand, Sample

#: Columns of the page where none are given.
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Argument:
    """An attribute of a layer in words; its default as the language writes it, None where it must be written."""

    name: str
    doc: str
    expected: str
    default: str | None
    positional: bool


@dataclass(frozen=True, slots=True)
class LayerPage:
    """Everything that there is to say about a layer.

    Attributes:
        call: its signature.
        text: what it does; the first paragraph is a summary.
        weights: the tensors that it owns; empty without any.
        cpu_floats: floating point elements that it runs on with onnxruntime's CPU provider.
    """

    kind: str
    call: str
    text: str
    formula: str
    operands: tuple[tuple[str, str], ...]
    arguments: tuple[Argument, ...]
    weights: str
    cpu_floats: tuple[str, ...]
    source: str
    samples: tuple[Sample, ...]

    @property
    def summary(self) -> str:
        """The first sentence."""
        paragraph = " ".join(self.text.split("\n\n", 1)[0].split())
        return paragraph.partition(". ")[0].rstrip(".")


def page_of(layer: type[Layer]) -> LayerPage:
    """Collect what the class says of itself."""
    return LayerPage(
        kind=layer.kind,
        call=signature(layer),
        text=_text(layer.__doc__),
        formula=layer.formula,
        operands=tuple((one.name, _operand_text(one)) for one in layer.operands),
        arguments=tuple(
            Argument(
                one.name,
                _text(one.metadata["doc"]),
                one.metadata["kind"].expected,
                _default(one),
                one.metadata["positional"],
            )
            for one in layer.attributes()
        ),
        weights="" if layer.specs is Layer.specs else _text(layer.specs.__doc__),
        cpu_floats=tuple(str(dtype) for dtype in DType if dtype in layer.cpu_floats),
        source=layer.source,
        samples=layer.samples,
    )


def to_json(layer: type[Layer]) -> dict[str, Any]:
    """The same for programs: an editor, a table."""
    page = page_of(layer)
    return {
        "kind": page.kind,
        "call": page.call,
        "summary": page.summary,
        "text": page.text,
        "formula": page.formula,
        "operands": [dataclasses.asdict(one) | {"doc": _text(one.doc)} for one in layer.operands],
        "arguments": [dataclasses.asdict(one) for one in page.arguments],
        "results": None if layer.take_all_results else list(layer.result_names),
        "weights": page.weights,
        "literal_weights": list(layer.literal_weights),
        "cpu_floats": list(page.cpu_floats),
        "source": page.source,
        "samples": [{"call": one.expression, "inputs": dict(one.inputs)} for one in page.samples],
    }


def signature(layer: type[Layer]) -> str:
    """The call: ``conv2d(x | filters, kernel=, stride=1, …)``, with what is required by name left empty."""
    operands = ", ".join(one.name + ", …" * one.variadic for one in layer.operands if not one.optional)
    attributes = [_in_call(one) for one in sorted(layer.attributes(), key=lambda one: not one.metadata["positional"])]
    optional = [f"{one.name}?" for one in layer.operands if one.optional]
    arguments = ", ".join([*attributes, *optional])
    several = ", ".join(layer.result_names) if len(layer.result_names) > 1 else ""
    results = "…" if layer.take_all_results else several
    return f"{layer.kind}({operands}{' | ' if arguments else ''}{arguments})" + (f" -> {results}" if results else "")


def layer_list(layers: Mapping[str, type[Layer]], width: int | None = None) -> str:
    """Every layer: its name and the first sentence of its page, in one line or in lines of a width."""
    longest = max(len(kind) for kind in layers)
    lines = (f"{kind:<{longest}}  {page_of(layer).summary}" for kind, layer in sorted(layers.items()))
    indent = " " * (longest + 2)
    return "\n".join(line if width is None else wrapped(line, indent, width, "") for line in lines)


def layer_page(layer: type[Layer], width: int | None = None) -> str:
    """Everything about a layer as plain text; samples, and words longer than a line, are not broken."""
    return "\n\n".join(part for part in _parts(page_of(layer), width or _WIDTH) if part)


def _parts(page: LayerPage, width: int) -> Iterator[str]:
    yield wrapped(page.call, "    ", width, "")
    yield fill_paragraphs(page.text, width)
    yield section("Formula", wrapped(page.formula, "    ", width))
    yield section("Operands", _rows(page.operands, width))
    yield section("Arguments", _rows([(one.name, _argument_text(one)) for one in page.arguments], width))
    yield section("Weights", wrapped(page.weights, "  ", width))
    yield section("Floats on onnxruntime's CPU", f"  {', '.join(page.cpu_floats)}")
    yield section("Source", wrapped(page.source, "  ", width))
    yield section("Samples", "\n".join(_sample_lines(sample, width) for sample in page.samples))


def section(title: str, body: str) -> str:
    """A part of a page with its title; nothing where it is empty."""
    return f"{title}:\n{body}" if body.strip() else ""


def _rows(rows: Sequence[tuple[str, str]], width: int) -> str:
    longest = max((len(name) for name, _ in rows), default=0)
    indent = " " * (longest + 4)
    return "\n".join(wrapped(f"{name:<{longest}}  {text}", indent, width, "  ").rstrip() for name, text in rows)


def wrapped(text: str, indent: str, width: int, first: str | None = None) -> str:
    """Text in lines of at most a width where it has spaces to break at."""
    lines = [indent if first is None else first]
    for word in re.findall(r"\S+\s*", text):
        if len(lines[-1]) + len(word.rstrip()) > width and lines[-1].strip():
            lines.append(indent)
        lines[-1] += word
    return "\n".join(line.rstrip() for line in lines)


def _sample_lines(sample: Sample, width: int) -> str:
    """The call, and behind it or, where that is too wide, above it what it reads."""
    call = f"  {sample.expression}"
    inputs = "# " + ", ".join(f"{name}: {kind}" for name, kind in sample.inputs.items())
    line = f"{call}    {inputs}"
    return line if len(line) <= width else f"  {inputs}\n{call}"


def _in_call(one: dataclasses.Field[Any]) -> str:
    default = _default(one)
    if default is None:
        return one.name if one.metadata["positional"] else f"{one.name}="
    return f"{one.name}={default}"


def _default(one: dataclasses.Field[Any]) -> str | None:
    """A default as the language writes it."""
    if one.metadata["shown"] is not None:
        return one.metadata["shown"]
    if one.default is None:
        return "none"
    return None if one.default is REQUIRED else value_text(one.default)


def _operand_text(operand: Operand) -> str:
    doc = _sentence(_text(operand.doc))
    return f"{doc} Optional, given by name.".strip() if operand.optional else doc


def _argument_text(argument: Argument) -> str:
    default = "required" if argument.default is None else f"default {argument.default}"
    return f"{_sentence(argument.doc)} {_sentence(f'{argument.expected}; {default}')}"


def _sentence(text: str) -> str:
    """With a capital, where it begins with a word, and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") or not text else ".")


def _text(doc: str | None) -> str:
    """A docstring as plain text: names between single backquotes."""
    return inspect.cleandoc(doc or "").replace("``", "`")
