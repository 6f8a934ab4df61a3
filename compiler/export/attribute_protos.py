"""Attributes of ONNX nodes, in the types that the operator's schema asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import onnx

from ..graph.types import DType
from ..operators.base import Operator
from .onnx_dtypes import ELEM_TYPES

#: The version of the standard operators. Below it, pooling with `ceil` is rejected or computed wrongly.
OPSET = 22


def attribute_protos(operator: Operator) -> list[onnx.AttributeProto]:
    """The attributes that have other values than their defaults, ordered by name.

    An element type becomes ONNX's number for it, a whole number given for a float attribute becomes a float,
    and an empty list has the schema's type; operators of other domains than ONNX's have no schema, and take
    the type that the value has.
    """
    types = _attribute_types(operator.kind) if operator.domain == "" else {}
    attributes = {one.name: getattr(operator, one.name) for one in dataclasses.fields(operator)}
    defaults = {one.name: one.default for one in dataclasses.fields(operator)}
    return [
        onnx.helper.make_attribute(
            name, _converted(value, types.get(name)), attr_type=_list_type(value, types.get(name))
        )
        for name, value in sorted(attributes.items())
        if value != defaults[name]
    ]


@cache
def _attribute_types(op_type: str) -> Mapping[str, int]:
    schema = onnx.defs.get_schema(op_type, OPSET)
    # The stubs of onnx declare the enumeration without its members.
    return {name: int(one.type.value) for name, one in schema.attributes.items()}  # pyright: ignore


def _converted(value: Any, kind: int | None) -> Any:
    if isinstance(value, DType):
        return ELEM_TYPES[value]
    if isinstance(value, bool):
        value = int(value)
    if kind == onnx.AttributeProto.FLOAT:
        return float(value)
    if kind == onnx.AttributeProto.FLOATS:
        return [float(one) for one in value]
    return list(value) if _is_list(value) else value


def _list_type(value: Any, kind: int | None) -> int | None:
    """The type of an empty list, which does not show it."""
    if not _is_list(value) or len(value):
        return None
    return onnx.AttributeProto.INTS if kind is None else kind


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))
