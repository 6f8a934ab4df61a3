"""What is said of names that mean nothing, or nothing that can stand where they stand."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ..diagnostics import Diagnostic
from ..diagnostics.names import (
    DimensionInConst,
    LayerAsValue,
    LowerCaseDimension,
    UndefinedName,
    UnknownArgument,
    UnknownSymbol,
)
from ..diagnostics.placement import LabelAsCall, ValueAsCall
from ..diagnostics.suggest import near_names, suggestions
from ..diagnostics.suggest_foreign import attribute_note, attribute_words, plain_word
from ..graph.types import DTYPES, DType
from ..initializers import INITIALIZERS
from ..layers import name_suggestions
from ..layers.attributes import Choice, Padding
from ..layers.base import LAYERS, Layer
from ..source import Span
from ..syntax import tree
from .project import FUNCTIONS, Module
from .written_types import foreign_type


def is_symbol_name(name: str) -> bool:
    """Whether a name may stand for a symbolic dimension: it is in upper case."""
    return name.isupper()


def undefined_name(
    expression: tree.Name, candidates: Sequence[str], *, in_const: bool = False, in_input: bool = False
) -> Diagnostic:
    """The diagnostic for a name that stands for nothing.

    Args:
        expression: the name.
        candidates: what is bound here; of these the near ones are suggested.
        in_const: whether it stands in a ``const``, where there are no dimensions.
        in_input: whether it stands in the type of an input, which introduces dimensions.
    """
    name, span = expression.name, expression.span
    if is_symbol_name(name) and in_const:
        return DimensionInConst(span=span, name=name, near=near_names(name, candidates))
    if is_symbol_name(name):
        return UnknownSymbol(span=span, name=name, near=near_names(name, candidates))
    if name in LAYERS and LAYERS[name].callable:
        return LayerAsValue(span=span, name=name)
    near = near_names(name, [*candidates, *INITIALIZERS, *DType])
    if in_input and not near:
        return LowerCaseDimension(span=span, name=name)
    foreign = foreign_type(name)
    return UndefinedName(span=span, name=name, near=(foreign,) if foreign in DTYPES else near)


def unknown_layer(call: tree.Call, module: Module, *, is_value: bool, is_label: bool = False) -> Diagnostic:
    """The diagnostic for a call of something that cannot be called, but may be a value, or the label of a stage."""
    if is_value:
        return ValueAsCall(span=call.function_span, name=call.function)
    if is_label:
        return LabelAsCall(span=call.function_span, name=call.function)
    blocks = [name for name, one in module.items.items() if isinstance(one.item, tree.Block)]
    candidates = [*(kind for kind, layer in LAYERS.items() if layer.callable), *blocks, *FUNCTIONS]
    from .library_imports import with_import

    return with_import(name_suggestions.unknown_layer(call.function, candidates, call.function_span), module.file)


def name_with_dot(span: Span, *, is_binding: bool = False) -> Diagnostic:
    """The diagnostic for `self.scale`, as a value or as what is bound."""
    from ..diagnostics.foreign_calls import NameWithDot

    return NameWithDot(span=span, name=span.text, is_binding=is_binding)


def takes_argument(layer: type[Layer], name: str) -> bool:
    """Whether a layer has an operand, an attribute or a literal weight of this name."""
    operands = any(operand.name == name for operand in layer.operands)
    return operands or any(one.name == name for one in layer.attributes()) or layer.takes_literal(name)


def takes_word(layer: type[Layer], argument: str, word: str) -> bool:
    """Whether an argument of a layer may be a word, such as ``"same"``."""
    kind = next((one.metadata["kind"] for one in layer.attributes() if one.name == argument), None)
    return word in (kind.words if isinstance(kind, Choice) else ("same",) if isinstance(kind, Padding) else ())


def unknown_layer_argument(layer: type[Layer], argument: tree.Argument) -> UnknownArgument:
    """The diagnostic for a named argument that a layer does not take."""
    attributes = (one.name for one in layer.attributes())
    known = (*attributes, *(one.name for one in layer.operands if one.optional))
    words, written = attribute_words(argument.name), plain_word(argument.name)
    candidates = [*known, *layer.literal_weights]
    if attribute_note(argument.name) is not None:
        # What is known of the word itself says more than names that are merely near.
        candidates = [one for one in candidates if one in words or plain_word(one) == written]
    near = suggestions(argument.name, candidates, words)
    return UnknownArgument(
        span=argument.name_span,
        kind=layer.kind,
        name=argument.name,
        near=near,
        known=known,
        argument=argument.span,
    )


def unknown_argument(kind: str, argument: tree.Argument, known: Sequence[str]) -> UnknownArgument:
    """The diagnostic for a named argument that a block, a function or an initializer does not take."""
    near = near_names(argument.name, known)
    return UnknownArgument(span=argument.name_span, kind=kind, name=argument.name, near=near, known=tuple(known))


def argument_names(formals: Sequence[tree.Formal]) -> tuple[str, ...]:
    """Names of the arguments of a block or model."""
    return tuple(formal.name.name for formal in formals)


def initializer_arguments(kind: type) -> tuple[str, ...]:
    """Names of the numbers that an initializer takes."""
    return tuple(one.name for one in dataclasses.fields(kind))


def looks_foreign(layer: type[Layer], call: tree.Call, *, is_stage: bool) -> bool:
    """Whether a call of a layer may be written as in another framework: it has no tensor, or too much else."""
    if not is_stage and all(isinstance(one, _NO_TENSORS) for one in call.positional):
        return True
    most = sum(one.metadata["positional"] for one in layer.attributes()) + (0 if is_stage else len(layer.operands))
    is_full = len(call.positional) > most and not layer.operands[-1].variadic
    return is_full or any(not takes_argument(layer, one.name) or _is_foreign_value(one) for one in call.named)


def _is_foreign_value(argument: tree.Argument) -> bool:
    """Whether an initializer stands in quotes, or padding is called `valid`."""
    value = argument.value
    return isinstance(value, tree.String) and (argument.name.endswith("init") or value.value.lower() == "valid")


_NO_TENSORS = tree.Number | tree.String | tree.Boolean | tree.ListExpression | tree.Unary
