"""Documentation pages of layers, made from their classes."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from .attributes import REQUIRED
from .base import Layer, Operand


def signature(layer: type[Layer]) -> str:
    """The call: ``conv2d(x | filters, kernel=, stride=1, …)``, with what is required by name left empty."""
    operands = ", ".join(_operand(one) for one in layer.operands if not one.optional)
    attributes = [_attribute(one) for one in sorted(layer.attributes(), key=lambda one: not one.metadata["positional"])]
    optional = [f"{one.name}?" for one in layer.operands if one.optional]
    arguments = ", ".join([*attributes, *optional])
    results = f" -> {', '.join(layer.result_names)}" if len(layer.result_names) > 1 else ""
    return f"{layer.kind}({operands}{' | ' if arguments else ''}{arguments}){results}"


def _operand(operand: Operand) -> str:
    return f"{operand.name}, …" if operand.variadic else operand.name


def _attribute(one: dataclasses.Field[Any]) -> str:
    if one.default is REQUIRED:
        return one.name if one.metadata["positional"] else f"{one.name}="
    return f"{one.name}={default_text(one)}"


def default_text(one: dataclasses.Field[Any]) -> str:
    """A default as the language writes it."""
    shown = one.metadata["shown"]
    return shown if shown is not None else _value(one.default)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return "none" if value is None else str(value)


def layer_list(layers: Mapping[str, type[Layer]]) -> str:
    """Every layer in a line: its call and the first sentence of its page."""
    width = max(len(kind) for kind in layers)
    return "\n".join(f"{kind:<{width}}  {_first_sentence(layer)}" for kind, layer in sorted(layers.items()))


def _first_sentence(layer: type[Layer]) -> str:
    text = " ".join(_doc(layer).split("\n\n")[0].split())
    return text.partition(". ")[0].rstrip(".")


def _doc(layer: type[Layer]) -> str:
    return inspect.getdoc(layer) or ""


def layer_page(layer: type[Layer]) -> str:
    """Everything about a layer: call, text, operands, attributes, weights, formula, source, samples."""
    return "\n\n".join(part for part in _parts(layer) if part)


def _parts(layer: type[Layer]) -> Iterator[str]:
    yield signature(layer)
    yield _doc(layer)
    if layer.formula:
        yield f"Formula:\n  {layer.formula}"
    yield _section("Operands", ((one.name, _operand_text(one)) for one in layer.operands))
    yield _section("Arguments", ((one.name, _attribute_text(one)) for one in layer.attributes()))
    if layer.literal_weights:
        names = ", ".join(f"`{name}`" for name in layer.literal_weights)
        yield f"Weights, which may be written as nested lists of numbers:\n  {names}"
    if layer.source:
        yield f"Source:\n  {layer.source}"
    yield _section("Samples", ((sample.call, "") for sample in layer.samples))


def _section(title: str, lines: Iterator[tuple[str, str]] | Any) -> str:
    rows = list(lines)
    if not rows:
        return ""
    width = max(len(name) for name, _ in rows)
    return "\n".join([f"{title}:", *(f"  {name:<{width}}  {text}".rstrip() for name, text in rows)])


def _operand_text(operand: Operand) -> str:
    extra = " Optional, given by name." if operand.optional else ""
    return f"{operand.doc}{extra}".strip()


def _attribute_text(one: dataclasses.Field[Any]) -> str:
    default = "required" if one.default is REQUIRED else f"default {default_text(one)}"
    expected = one.metadata["kind"].expected
    return f"{one.metadata['doc']} {expected[:1].upper()}{expected[1:]}; {default}."
