"""What is said of calls as PyTorch, Keras and TensorFlow write them: methods, objects, modules, orders of arguments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

from ..diagnostics import Diagnostic
from ..diagnostics.call_arguments import (
    ActivationAsArgument,
    ArgumentsInOrder,
    ListWithoutBrackets,
    NoPaddingByName,
    QuotedInitializer,
    TensorsInList,
)
from ..diagnostics.foreign_calls import (
    METHOD_NOTES,
    METHOD_OPERATORS,
    ForeignArgument,
    InputAsCall,
    LayerAsObject,
    LayerCalledTwice,
    MethodCall,
    NameWithDot,
)
from ..diagnostics.foreign_layers import layer_note
from ..diagnostics.names import UnknownLayer
from ..diagnostics.statement_syntax import PipelineInOperand
from ..diagnostics.suggest_foreign import is_left_out, plain_word
from ..layers import name_suggestions
from ..layers.attributes import REQUIRED, DimensionList, IntegerList
from ..layers.base import LAYERS, Layer
from ..source import Span
from ..syntax import tree
from .library_imports import block_called
from .name_errors import takes_argument
from .translated_calls import dotted_name, initializer_called, is_function, is_literal, layer_called, written_here

#: What calls itself a container of layers elsewhere.
_CONTAINERS: Final = frozenset({"sequential", "modulelist"})
#: An object of Python's classes, which there is none of here.
_SELF: Final = "self"


class Verdict(NamedTuple):
    """What is to be said of a call.

    Attributes:
        span: where; nothing is added at a place of which something has been said.
        make: makes the diagnostic.
        parts: what is still to be looked at.
        covers: what is written anew, where that is known.
        is_object: the call is a layer without a tensor, so that what it is bound to is no value.
    """

    span: Span
    make: Callable[[], Diagnostic]
    parts: Sequence[tree.Node] = ()
    covers: Span | None = None
    is_object: bool = False


def of_expression(call: tree.Call, bound: Collection[str], target: str) -> Verdict:
    """What is said of a call of something that is no plain name.

    Args:
        call: the call, whose ``callee`` is a value or whose function has a dot.
        bound: the names that stand for something.
        target: to what the call is bound, if that is all.
    """
    callee = call.callee
    if callee is None:
        return _dotted_stage(call)
    if not isinstance(callee, tree.Attribute):
        return _called_twice(call)
    name = dotted_name(callee)
    if not name or name.partition(".")[0] in bound:
        return _method_chain(call, bound) or _method(call, callee)
    if name.startswith(f"{_SELF}."):
        return Verdict(callee.span, lambda: NameWithDot(span=callee.span, name=name), call.positional)
    return _of_module(call, name, callee.span, target)


def of_layer(layer: type[Layer], call: tree.Call, *, is_stage: bool, name: str) -> Verdict | None:
    """What is said of a call of a layer of this language that is written as elsewhere; None where it is not.

    Args:
        layer: the layer.
        call: the call.
        is_stage: it follows an arrow, which gives it its tensor.
        name: to what the call is bound, if that is all.
    """
    if not is_stage and _lacks_tensor(layer, call):
        return _object(layer, layer.kind, call, name)
    if not is_stage and layer.operands[-1].variadic and _is_list(call.positional[:1]):
        return _tensors_in_list(layer, call)
    tensors = 0 if is_stage else len([one for one in layer.operands if not one.optional])
    given = call.positional[tensors:]
    positional = [one for one in layer.attributes() if one.metadata["positional"]]
    unknown = [one for one in call.named if not takes_argument(layer, one.name)]
    if len(given) > max(len(positional), 1) and _list_attribute(layer) and all(map(_is_size, given)):
        return _without_brackets(layer, call, tensors, given)
    if len(given) > len(positional) and all(map(_is_number, given)):
        return _in_order(layer, call, tensors, given)
    if len(given) == len(positional) + 1 and not call.named and _activation(given[-1]):
        return _activated(layer, call, given[-1])
    foreign = next((one for one in call.named if takes_argument(layer, one.name) and _is_foreign(one)), None)
    if foreign is not None and not unknown:
        return _value(layer, call, foreign)
    if len(unknown) > 1 or any(map(_is_rewritten, unknown)):
        return _arguments(layer, call, tensors, unknown[0])
    return None


def of_unknown(call: tree.Call, *, is_stage: bool, name: str) -> Verdict | None:
    """What is said of a call of a layer by the name of another framework; None where nothing more is known."""
    if plain_word(call.function) in _CONTAINERS:
        return _container(call, call.function, call.function_span, is_stage=is_stage, name=name)
    layer = layer_called(call.function)
    if layer is None and block_called(call.function) is not None:
        return None
    if layer is None:
        return _without_layer(call, call.function, call.function_span, is_stage=is_stage, name=name)
    if not is_stage and _lacks_tensor(layer, call):
        return _object(layer, call.function, call, name)
    return _renamed(layer, call.function, call, call.function_span, is_stage=is_stage)


# --- modules ----------------------------------------------------------------------------------------------------------


def _of_module(call: tree.Call, name: str, span: Span, target: str) -> Verdict:
    """`F.relu(x)`, `nn.Linear(784, 10)`: a function or class of a module."""
    layer = layer_called(name)
    if plain_word(name) in _CONTAINERS:
        return _container(call, name, span, is_stage=False, name=target)
    if layer is None:
        other = _without_layer(call, name, span, is_stage=False, name=target)
        return other or Verdict(span, lambda: _unknown(name, span), _values(call))
    if not is_function(name) and _lacks_tensor(layer, call):
        return _object(layer, name, call, target)
    return _renamed(layer, name, call, span, is_stage=False)


def _dotted_stage(call: tree.Call) -> Verdict:
    """`-> nn.ReLU`, `-> self.fc`, `-> relu.shape`, or `.relu()` behind a stage."""
    name, span = call.function, call.function_span
    first, _, last = name.partition(".")
    if not first:
        return _method_of_stage(call, last)
    if first == _SELF:
        return Verdict(span, lambda: NameWithDot(span=span, name=name), _values(call))
    layer = layer_called(name)
    if first in LAYERS and layer is not None:
        return _method_of_stage(call, last, first)
    if first in LAYERS:
        dot = span.source.span(span.start + len(first), span.start + len(first) + 1)
        return Verdict(dot, lambda: PipelineInOperand(span=dot, found="."), _values(call))
    if plain_word(name) in _CONTAINERS:
        return _container(call, name, span, is_stage=True, name="")
    if layer is None:
        other = _without_layer(call, name, span, is_stage=True, name="")
        return other or Verdict(span, lambda: _unknown(name, span), _values(call))
    return _renamed(layer, name, call, span, is_stage=True)


def _without_layer(call: tree.Call, called: str, span: Span, *, is_stage: bool, name: str) -> Verdict | None:
    """What stands for no layer here: an input, an activation by its name, what changes another layer."""
    word = plain_word(called)
    is_input = word in ("input", "inputlayer", "placeholder") and bool(name)
    typed = _input_type(call, has_batch=word == "placeholder") if is_input else ""
    if typed:
        return Verdict(call.span, lambda: InputAsCall(span=call.span, name=name, type=typed), covers=call.span)
    stage = _wrapped(word, call)
    if stage and is_stage:
        return Verdict(
            span, lambda: UnknownLayer(span=span, name=called, whole=call.span, instead=stage), covers=call.span
        )
    return Verdict(span, lambda: _unknown(called, span)) if layer_note(called) is not None else None


def _wrapped(word: str, call: tree.Call) -> str:
    """The stage that a layer around another one is; empty where there is none."""
    (inner, *more) = (*call.positional, None)
    if inner is None or more != [None] or call.named:
        return ""
    if word == "activation" and isinstance(inner, tree.String):
        layer = layer_called(inner.value) if inner.value.isidentifier() else None
        return "" if layer is None else layer.kind
    stage = _stage(inner) or ""
    if word == "bidirectional" and stage.startswith(("lstm(", "gru(", "rnn(")):
        return f"{stage[:-1]}, bidirectional=true)"
    return stage if word == "timedistributed" else ""


def _input_type(call: tree.Call, *, has_batch: bool) -> str:
    """The type of an input that is declared by its shape; images have their channels first here."""
    shape = next((one.value for one in call.named if one.name == "shape"), None)
    given = shape if shape is not None else next(iter(call.positional), None)
    if not isinstance(given, tree.ListExpression) or not given.items:
        return ""
    sizes = [one.span.text for one in given.items]
    if not all(size.isalnum() for size in sizes):
        return ""
    sizes = sizes[1:] if has_batch else sizes
    symbols = iter(("T", "H", "W"))
    sizes = [next(symbols, "L") if size == "None" else size for size in sizes]
    if len(sizes) == 3 and sizes[2] in ("1", "3", "4"):
        sizes = [sizes[2], *sizes[:2]]
    return f"float32[{', '.join(['N', *sizes])}]"


def _unknown(name: str, span: Span) -> UnknownLayer:
    return name_suggestions.unknown_layer(name, [kind for kind, one in LAYERS.items() if one.callable], span)


def _renamed(layer: type[Layer], name: str, call: tree.Call, span: Span, *, is_stage: bool) -> Verdict:
    tensors = _tensors(layer, name, call, is_stage=is_stage)
    written = written_here(layer, name, call, tensors)
    operands = _operands(call.positional[:tensors])
    parts = call.positional if written is not None else _values(call)
    text = ""
    if written is not None:
        text = written.stage() if is_stage else written.applied([one.span.text for one in operands])
    return Verdict(
        span,
        lambda: UnknownLayer(span=span, name=name, known_as=(layer.kind,), whole=call.span, instead=text),
        parts if not is_stage or written is None else (),
        call.span if text else None,
    )


def _tensors(layer: type[Layer], name: str, call: tree.Call, *, is_stage: bool) -> int:
    """How many arguments are tensors; those of a layer of many may stand in one list."""
    if is_stage:
        return 0
    if layer.operands[-1].variadic and not _is_list(call.positional[:1]):
        return sum(not is_literal(one) for one in call.positional)
    return 1 if layer.operands[-1].variadic else len([one for one in layer.operands if not one.optional])


def _operands(given: Sequence[tree.Expression]) -> Sequence[tree.Expression]:
    """The tensors, those of a list one by one."""
    if len(given) == 1 and isinstance(given[0], tree.ListExpression):
        return given[0].items
    return given


# --- methods ----------------------------------------------------------------------------------------------------------


def _method(call: tree.Call, callee: tree.Attribute) -> Verdict:
    receiver, name = callee.base.span.text, callee.name
    instead = _method_instead(call, name, receiver)
    if not instead:
        stage = _method_stage(call, name)
        instead = f"{receiver} -> {stage}" if stage else ""
    note = METHOD_NOTES.get(name, "")

    def make() -> Diagnostic:
        return MethodCall(span=callee.name_span, name=name, whole=call.span, instead=instead, note=note)

    parts = (callee.base, *(() if instead else call.positional))
    return Verdict(callee.name_span, make, parts, call.span if instead else None)


def _method_chain(call: tree.Call, bound: Collection[str]) -> Verdict | None:
    """`x.view(-1, 8, 8).relu()`: several methods, each of which is a stage; None where that is not so."""
    stages: list[str] = []
    first, base = None, call
    while isinstance(base, tree.Call) and isinstance(base.callee, tree.Attribute):
        name = dotted_name(base.callee)
        if name and name.partition(".")[0] not in bound:
            return None
        stage = _method_stage(base, base.callee.name)
        if not stage:
            break
        stages.insert(0, stage)
        first, base = base.callee, base.callee.base
    if first is None or len(stages) < 2 or (isinstance(base, tree.Call) and base.callee is not None):
        return None
    instead, span, name = " -> ".join([base.span.text, *stages]), first.name_span, first.name
    return Verdict(span, lambda: MethodCall(span=span, name=name, whole=call.span, instead=instead), (base,), call.span)


def _method_of_stage(call: tree.Call, name: str, stage_name: str = "") -> Verdict:
    start, source = call.function_span.start + len(stage_name), call.function_span.source
    stage = _method_stage(call, name)
    span = source.span(start + 1, start + 1 + len(name))
    whole = source.span(start, call.span.end)

    def make() -> Diagnostic:
        instead, note = f" -> {stage}" if stage else "", METHOD_NOTES.get(name, "")
        return MethodCall(span=span, name=name, whole=whole, instead=instead, note=note, in_stage=True)

    return Verdict(span, make, () if stage else _values(call), whole if stage else None)


def _method_instead(call: tree.Call, name: str, receiver: str) -> str:
    """What a method is that is no layer here: a shape, a rank, an operator."""
    given = [one.span.text for one in call.positional]
    if name in ("size", "shape"):
        return f"{receiver}.shape[{given[0]}]" if given else f"{receiver}.shape"
    if name in ("dim", "ndimension") and not given:
        return f"{receiver}.rank"
    if name in METHOD_OPERATORS and len(given) == 1 and not call.named:
        return f"{receiver} {METHOD_OPERATORS[name]} {given[0]}"
    return ""


def _method_stage(call: tree.Call, name: str) -> str:
    """The stage that a method is; empty where there is none, or it cannot be told."""
    given = list(call.positional)
    if name in ("view", "reshape") and not call.named:
        return _reshaped(list(_operands(given)))
    if name == "permute" and given:
        return f"transpose([{', '.join(one.span.text for one in _operands(given))}])"
    if name in ("transpose", "swapaxes"):
        return ""
    layer = layer_called(name)
    written = None if layer is None else written_here(layer, f"torch.{name}", call, 0)
    return "" if written is None else written.stage()


def _reshaped(sizes: Sequence[tree.Expression]) -> str:
    """`view` with these sizes: one of -1 in the place of the batch is `N`, one behind the batch is all that is left."""
    texts = [one.span.text for one in sizes]
    if len(texts) == 2 and texts[1] == "-1":
        return "flatten"
    if not texts:
        return ""
    return f"reshape([{', '.join(['N' if texts[0] == '-1' else texts[0], *texts[1:]])}])"


# --- objects ----------------------------------------------------------------------------------------------------------


def _lacks_tensor(layer: type[Layer], call: tree.Call) -> bool:
    """Whether a call gives no tensor to a layer that wants one."""
    operands = {one.name for one in layer.operands}
    if not operands or any(one.name in operands for one in call.named):
        return False
    return all(map(is_literal, call.positional)) and not _is_list_of_numbers(layer, call)


def _is_list_of_numbers(layer: type[Layer], call: tree.Call) -> bool:
    """Whether what is given may be meant for the tensor: there is no other argument without a name."""
    positional = any(one.metadata["positional"] for one in layer.attributes())
    return bool(call.positional) and not positional


def _object(layer: type[Layer], called: str, call: tree.Call, name: str) -> Verdict:
    written = written_here(layer, called, call, 0)
    stage = written.stage() if written is not None else call.span.text
    learns = layer.specs is not Layer.specs

    def make() -> Diagnostic:
        return LayerAsObject(span=call.span, written=stage, name=name, learns=learns)

    return Verdict(call.span, make, covers=call.span, is_object=True)


def _container(call: tree.Call, called: str, span: Span, *, is_stage: bool, name: str) -> Verdict:
    """`Sequential(…)`: a pipeline of the layers in it."""
    stages = _stages(call)
    if is_stage or stages is None:
        text = stages or ""
        return Verdict(
            span,
            lambda: UnknownLayer(span=span, name=called, whole=call.span, instead=text),
            covers=call.span if text else None,
        )
    group = f"{{ {stages} }}"
    return Verdict(
        call.span,
        lambda: LayerAsObject(span=call.span, written=group, name=name, learns=True),
        covers=call.span,
        is_object=True,
    )


def _stages(call: tree.Call) -> str | None:
    """The layers in a container as stages; None where one is not known."""
    found = [_stage(one) for one in _operands(call.positional)]
    known = [one for one in found if one]
    return " -> ".join(known) if known and len(known) == len(found) else None


def _stage(value: tree.Expression) -> str | None:
    if isinstance(value, tree.Name):
        layer = layer_called(value.name)
        return None if layer is None else layer.kind
    if not isinstance(value, tree.Call):
        return None
    name = _name_of(value)
    if plain_word(name) in _CONTAINERS:
        return _stages(value)
    layer = layer_called(name) if name else None
    written = None if layer is None else written_here(layer, name, value, 0)
    return None if written is None else written.stage()


def _name_of(value: object) -> str:
    """What a call calls, with the modules in front; empty for anything else."""
    if not isinstance(value, tree.Call):
        return ""
    return value.function if value.callee is None else dotted_name(value.callee)


def _called_twice(call: tree.Call) -> Verdict:
    """`Dense(10)(x)`."""
    operands = [one.span.text for one in _operands(call.positional)]
    inner = call.callee
    name, stage = _name_of(inner), _stage(inner) if isinstance(inner, tree.Call) else None
    if inner is not None and name and stage is None and layer_called(name) is None and layer_note(name) is not None:
        at = inner.span.source.span(inner.span.start, inner.span.start + len(name))
        return Verdict(at, lambda: _unknown(name, at), call.positional)
    instead = ""
    if stage is not None and len(operands) == 1:
        instead = f"{operands[0]} -> {stage}"
    elif stage is not None and operands and " -> " not in stage:
        kind, _, arguments = stage.partition("(")
        instead = f"{kind}({', '.join(filter(None, [*operands, arguments.removesuffix(')')]))})"
    span = call.function_span.source.span(call.function_span.start, call.span.end)

    def make() -> Diagnostic:
        return LayerCalledTwice(span=span, whole=call.span, instead=instead)

    return Verdict(span, make, call.positional, call.span if instead else None)


# --- arguments --------------------------------------------------------------------------------------------------------


def _in_order(layer: type[Layer], call: tree.Call, tensors: int, given: Sequence[tree.Expression]) -> Verdict | None:
    """`conv2d(3, 64, 3)`: arguments in the order of another framework."""
    written = written_here(layer, layer.kind, call, tensors)
    if written is None:
        return None
    operands = [one.span.text for one in call.positional[:tensors]]
    text = written.applied(operands) if operands else written.stage()
    span = call.span.source.span(given[0].span.start, given[-1].span.end)
    positional = next((one.name for one in layer.attributes() if one.metadata["positional"]), "")

    def make() -> Diagnostic:
        return ArgumentsInOrder(span=span, kind=layer.kind, positional=positional, whole=call.span, instead=text)

    return Verdict(span, make, call.positional[:tensors], call.span)


def _list_attribute(layer: type[Layer]) -> str:
    """The one argument without a default, where that is a list: of axes, or of sizes; empty where there is none."""
    required = [one for one in layer.attributes() if one.default is one.default_factory is REQUIRED]
    is_list = len(required) == 1 and isinstance(required[0].metadata["kind"], IntegerList | DimensionList)
    return required[0].name if is_list else ""


def _without_brackets(
    layer: type[Layer], call: tree.Call, tensors: int, given: Sequence[tree.Expression]
) -> Verdict | None:
    """`transpose(0, 2, 1)`: the elements of a list as arguments."""
    name, kind = _list_attribute(layer), layer.kind
    if any(one.name == name for one in call.named):
        return None
    items = f"[{', '.join(one.span.text for one in given)}]"
    is_positional = any(one.name == name and one.metadata["positional"] for one in layer.attributes())
    operands = [one.span.text for one in call.positional[:tensors]]
    written = [*operands, items if is_positional else f"{name}={items}", *(one.span.text for one in call.named)]
    text = f"{kind}({', '.join(written)})"
    span = call.span.source.span(given[0].span.start, given[-1].span.end)
    return Verdict(
        span,
        lambda: ListWithoutBrackets(span=span, kind=kind, whole=call.span, instead=text),
        call.positional,
        call.span,
    )


def _is_size(value: tree.Expression) -> bool:
    return _is_number(value) or (isinstance(value, tree.Name) and value.name not in LAYERS)


def _activation(value: tree.Expression) -> str:
    """The activation that an argument names; empty where it names none."""
    name = value.name if isinstance(value, tree.Name) else value.value if isinstance(value, tree.String) else ""
    layer = layer_called(name) if name.isidentifier() else None
    return "" if layer is None else layer.kind


def _activated(layer: type[Layer], call: tree.Call, last: tree.Expression) -> Verdict:
    """`dense(32, relu)`: an activation as an argument."""
    written = ", ".join(one.span.text for one in call.positional[:-1])
    text = f"{layer.kind}({written}) -> {_activation(last)}" if written else f"{layer.kind} -> {_activation(last)}"

    def make() -> Diagnostic:
        return ActivationAsArgument(span=last.span, kind=layer.kind, whole=call.span, instead=text)

    return Verdict(last.span, make, call.positional[:-1], call.span)


def _arguments(layer: type[Layer], call: tree.Call, tensors: int, first: tree.Argument) -> Verdict | None:
    """`conv2d(in_channels=3, out_channels=8)`: several names of another framework."""
    written = written_here(layer, layer.kind, call, tensors)
    if written is None:
        return None
    operands = [one.span.text for one in call.positional[:tensors]]
    text = written.applied(operands) if operands else written.stage()

    def make() -> Diagnostic:
        return ForeignArgument(span=first.name_span, kind=layer.kind, name=first.name, whole=call.span, instead=text)

    return Verdict(first.name_span, make, call.positional[:tensors], call.span)


def _is_rewritten(argument: tree.Argument) -> bool:
    """Whether an argument that there is not needs more than another name."""
    is_stage = argument.name == "activation"
    return is_stage or isinstance(argument.value, tree.String) or is_left_out(argument.name)


def _is_foreign(argument: tree.Argument) -> bool:
    value = argument.value
    if not isinstance(value, tree.String):
        return False
    is_valid = argument.name == "padding" and value.value.lower() == "valid"
    return is_valid or (argument.name.endswith("init") and bool(initializer_called(value.value)))


def _value(layer: type[Layer], call: tree.Call, argument: tree.Argument) -> Verdict:
    """`init="he_normal"`, `padding="valid"`."""
    value = argument.value
    instead = initializer_called(value.value) if isinstance(value, tree.String) and argument.name != "padding" else ""

    def make() -> Diagnostic:
        found = value.span.text
        if not instead:
            return NoPaddingByName(span=value.span, kind=layer.kind, found=found)
        return QuotedInitializer(span=value.span, kind=layer.kind, name=argument.name, found=found, instead=instead)

    return Verdict(value.span, make, call.positional)


def _tensors_in_list(layer: type[Layer], call: tree.Call) -> Verdict | None:
    """`concat([a, b], axis=1)`."""
    written = written_here(layer, layer.kind, call, 1)
    if written is None:
        return None
    items = _operands(call.positional[:1])
    text = written.applied([one.span.text for one in items])
    span = call.positional[0].span
    return Verdict(
        span,
        lambda: TensorsInList(span=span, kind=layer.kind, whole=call.span, instead=text),
        tuple(items),
        call.span,
    )


def _is_number(value: tree.Expression) -> bool:
    """Whether a value is a number, or a list of them."""
    if isinstance(value, tree.ListExpression):
        return all(map(_is_number, value.items))
    return isinstance(value, tree.Number) or (isinstance(value, tree.Unary) and _is_number(value.operand))


def _is_list(given: Sequence[tree.Expression]) -> bool:
    return bool(given) and isinstance(given[0], tree.ListExpression) and not is_literal(given[0])


def _values(call: tree.Call) -> tuple[tree.Node, ...]:
    return (*call.positional, *(one.value for one in call.named))
