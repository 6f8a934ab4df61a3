"""Diagnostics of calls as other frameworks write them: layers that are objects, methods of tensors.

Codes E140 and E218 to E221. What a call is here is found by whoever knows the layers; these classes say it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Final

from ..records import record
from ..source import Span
from .base import Diagnostic
from .call_arguments import WrittenAnew
from .fixes import Edit, Fix, Safety, closing_bracket, code_end, replacing
from .names import UnknownArgument
from .removals import without_lines
from .suggest_foreign import attribute_note, is_left_out
from .syntax_wording import piece

_LEAVE_OUT: Final = "leave it out: "
_PLACE: Final = f"{_LEAVE_OUT}where a model runs is chosen when it runs"
_COPY: Final = f"{_LEAVE_OUT}values are never changed, so nothing need be copied or laid out"
_GRADIENT: Final = f"{_LEAVE_OUT}the text of a model says nothing of gradients or training"
_TYPE: Final = "write `-> cast(float32)`, with the element type that is wanted"

#: What to do instead of a method of PyTorch or TensorFlow that is no layer here.
METHOD_NOTES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("to", "cuda", "cpu"), _PLACE),
    **dict.fromkeys(("contiguous", "clone", "copy"), _COPY),
    **dict.fromkeys(("detach", "requires_grad_", "backward", "eval", "train", "zero_grad"), _GRADIENT),
    **dict.fromkeys(("float", "double", "half", "long", "int", "bool", "type", "bfloat16"), _TYPE),
    **dict.fromkeys(("numpy", "item", "tolist"), f"{_LEAVE_OUT}a tensor has no numbers before the model runs"),
    **dict.fromkeys(
        ("transpose", "swapaxes", "t"), "write `-> transpose([0, 2, 1])`, which names all axes in their new order"
    ),
    "get_shape": "write `x.shape`",
    "numel": "write the product of the dimensions: `x.shape[1] * x.shape[2]`",
}

#: Methods for which there is an operator.
METHOD_OPERATORS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("add", "add_", "__add__"), "+"),
    **dict.fromkeys(("sub", "sub_", "subtract"), "-"),
    **dict.fromkeys(("mul", "mul_", "multiply"), "*"),
    **dict.fromkeys(("div", "div_", "divide"), "/"),
    **dict.fromkeys(("matmul", "mm", "bmm", "dot"), "@"),
    "pow": "**",
}


def in_place_of(span: Span | None, written: str, *, is_pipeline: bool) -> Fix | None:
    """The fix that writes a call anew; a pipeline in parentheses where it is part of more."""
    if span is None or not written:
        return None
    text = span.source.text
    before = text[: code_end(span.source, span.start)]
    behind = text[span.end :].lstrip(" \t")
    alone = before.endswith(("=", "(", ",", "[", "return")) and re.match(r"\Z|[\r\n),\]}#]|->", behind) is not None
    return replacing(span, f"({written})" if is_pipeline and not alone else written, Safety.UNSAFE)


@record
class MethodCall(Diagnostic):
    """Something is called like a method, `x.sqrt()`, and values have no methods.

    ```nn
    model net {
        input x: float32[N, 8]
        output y = x.sqrt()                 # wrong
    }
    ```

    ```nn
    model net {
        input x: float32[N, 8]
        output y = x -> sqrt
        output z = sqrt(x)
    }
    ```

    Attributes:
        whole: the call with what stands before the dot.
        instead: how it is written here; empty where that is not known.
        note: what to do where nothing is to be written in its place.
        in_stage: it follows a stage of a pipeline, and what is written in its place begins with an arrow.
    """

    code: ClassVar[str] = "E140"
    message: ClassVar[str] = "`{name}` is called like a method, and there are none"
    label: ClassVar[str] = "no method"
    remedy: ClassVar[str] = "{advice_text}"

    name: str
    whole: Span
    instead: str = ""
    note: str = ""
    in_stage: bool = False

    @property
    def advice_text(self) -> str:
        """What to write instead, or to do."""
        if self.instead:
            return f"write `{piece(self.instead)}`"
        return self.note or "a layer is applied by an arrow, `x -> relu`; `dotnn layers` lists the layers"

    def fix(self) -> Fix | None:
        """The call as it is written here."""
        if self.in_stage:
            return replacing(self.whole, self.instead, Safety.UNSAFE) if self.instead else None
        is_name_or_call = re.fullmatch(r"[\w.\[\]]+(?:\(.*\))?", self.instead) is not None
        return in_place_of(self.whole, self.instead, is_pipeline=not is_name_or_call or " -> " in self.instead)


@record
class LayerAsObject(Diagnostic):
    """A layer is written without a tensor, to be applied later, as an object of PyTorch or Keras is.

    Layers are no values: a layer is written where it is applied. A label names its weights, and `reuse` applies what
    has the label again, with the same weights.

    ```nn
    model net {
        input a: float32[N, 64]
        input b: float32[N, 64]
        encoder = dense(16)                 # wrong
        output x = a -> encoder
        output y = b -> encoder
    }
    ```

    ```nn
    model net {
        input a: float32[N, 64]
        input b: float32[N, 64]
        output x = a -> encoder: dense(16)
        output y = b -> reuse(encoder)      # the same weights
    }
    ```

    Attributes:
        written: the layer as it is written here, without its tensor.
        name: to what it is bound; empty where it is not.
        learns: it has weights, which may be shared.
    """

    code: ClassVar[str] = "E218"
    message: ClassVar[str] = "`{shown}` has no tensor to work on: layers are no objects"
    label: ClassVar[str] = "applied to nothing"
    remedy: ClassVar[str] = "{advice_text}"

    written: str
    name: str = ""
    learns: bool = False

    @property
    def shown(self) -> str:
        """The call in the text."""
        return piece(self.span.text) if self.span is not None else self.written

    @property
    def advice_text(self) -> str:
        """Where to write it."""
        label = self.name.rpartition(".")[2]
        if not label:
            return f"write it where it is applied: `x -> {self.written}`"
        if not self.learns:
            return f"write `-> {self.written}` where it is applied"
        again = f"; `-> reuse({label})` applies the same weights again"
        return f"write `-> {label}: {self.written}` where it is applied, and remove this line{again}"

    def fix(self) -> Fix | None:
        """The layer where it is applied, shared by those that follow; nothing where its name stands for more."""
        binding = self._binding
        if binding is None or self.span is None:
            return None
        source, text = self.span.source, self.span.source.text
        end = re.compile(r"^\}", re.MULTILINE).search(text, self.span.end)
        used = re.compile(
            rf"(?P<arrow>->[ \t]*)?(?<![\w.]){re.escape(self.name)}(?![\w.])(?P<opening>\(|(?=[ \t]*[:=]))?"
        )
        edits = [without_lines(binding)]
        uses = list(used.finditer(text, self.span.end, end.start() if end is not None else len(text)))
        for index, use in enumerate(uses):
            edits += self._applied(source.span(*use.span()), use, is_first=index == 0)
        return Fix(tuple(edits), Safety.UNSAFE) if len(edits) > 1 and len(edits) >= 1 + len(uses) else None

    @property
    def _binding(self) -> Span | None:
        """The statement that binds it, if it has a line for itself."""
        if self.span is None or not self.name:
            return None
        source = self.span.source
        start = source.text.rfind("\n", 0, self.span.start) + 1
        head = re.match(rf"[ \t]*({re.escape(self.name)}[ \t]*=[ \t]*)\Z", source.text[start : self.span.start])
        return None if head is None else source.span(start + head.start(1), self.span.end)

    def _applied(self, place: Span, use: re.Match[str], *, is_first: bool) -> tuple[Edit, ...]:
        """The edits of one use: behind an arrow, or as a call; none for any other."""
        label = self.name.rpartition(".")[2]
        again = f"reuse({label})" if self.learns and not is_first else ""
        stage = again or (f"{label}: {self.written}" if self.learns else self.written)
        if use["arrow"] and not use["opening"]:
            return (Edit(place, f"-> {stage}"),)
        source = place.source
        closing = (
            closing_bracket(source.span(place.end - 1, place.end)) if use["opening"] and not use["arrow"] else None
        )
        if closing is None or closing.text != ")":
            return ()
        return Edit(place, "("), Edit(closing, f" -> {stage})")


@record
class InputAsCall(Diagnostic):
    """An input is made by a call, as in Keras: `x = Input(shape=(784,))`.

    A model declares its inputs by statements, with the batch as their first axis. Images have their channels behind it.

    ```nn
    model net {
        x = Input(shape=[784])              # wrong
        output y = x -> dense(10)
    }
    ```

    ```nn
    model net {
        input x: float32[N, 784]
        output y = x -> dense(10)
    }
    ```

    Attributes:
        name: to what it is bound.
        type: its type, with the batch.
    """

    code: ClassVar[str] = "E221"
    message: ClassVar[str] = "an input is declared by a statement, and not made by a call"
    label: ClassVar[str] = "no value"
    remedy: ClassVar[str] = "write `{written}`"

    name: str
    type: str

    @property
    def written(self) -> str:
        """The statement."""
        return f"input {self.name}: {self.type}"

    def fix(self) -> Fix | None:
        """The statement in the place of the binding."""
        if self.span is None:
            return None
        source = self.span.source
        start = source.text.rfind("\n", 0, self.span.start) + 1
        binding = re.match(rf"[ \t]*({re.escape(self.name)}[ \t]*=[ \t]*)\Z", source.text[start : self.span.start])
        if binding is None:
            return None
        return replacing(source.span(start + binding.start(1), self.span.end), self.written, Safety.UNSAFE)


@record
class LayerCalledTwice(Diagnostic):
    """A layer is called with its sizes and then with its tensor, as in Keras: `Dense(10)(x)`.

    The arrow applies a layer, and the parentheses hold its arguments.

    ```nn
    model net {
        input x: float32[N, 64]
        output y = dense(10)(x)             # wrong
    }
    ```

    ```nn
    model net {
        input x: float32[N, 64]
        output y = x -> dense(10)
    }
    ```

    Attributes:
        instead: how it is written here; empty where that is not known.
    """

    code: ClassVar[str] = "E219"
    message: ClassVar[str] = "a layer is applied by an arrow, not by a second pair of parentheses"
    label: ClassVar[str] = "a second pair of parentheses"
    remedy: ClassVar[str] = "{advice_text}"

    whole: Span
    instead: str = ""

    @property
    def advice_text(self) -> str:
        """What to write instead."""
        if self.instead:
            return f"write `{piece(self.instead)}`"
        return "a layer is applied by an arrow: `x -> dense(10)`"

    def fix(self) -> Fix | None:
        """The pipeline."""
        return in_place_of(self.whole, self.instead, is_pipeline="->" in self.instead)


@record
class NameWithDot(Diagnostic):
    """A name has a dot, as an attribute of an object, `self.conv1`.

    There are no objects. Bindings have plain names; a layer is written where it is applied, with its name as a label.

    ```nn
    model net {
        input x: float32[N, 64]
        self.scale = 0.5                    # wrong
        output y = x * self.scale
    }
    ```

    ```nn
    model net {
        input x: float32[N, 64]
        scale = 0.5
        output y = x * scale
    }
    ```
    """

    code: ClassVar[str] = "E220"
    message: ClassVar[str] = "`{name}` is no name: there are no objects with parts"
    label: ClassVar[str] = "a dot in a name"
    remedy: ClassVar[str] = "{advice_text}"

    name: str
    is_binding: bool = False

    @property
    def last(self) -> str:
        """The name without what stands before its last dot."""
        return self.name.rpartition(".")[2]

    @property
    def advice_text(self) -> str:
        """What to write instead."""
        note = attribute_note(self.last) if self.is_binding else None
        if note is not None:
            return note
        if self.is_binding:
            return f"write `{self.last} = …`"
        return f"write the layer where it is applied, with a label: `x -> {self.last}: dense(64)`"

    def fix(self) -> Fix | None:
        """The name alone; it may be taken."""
        is_plain = self.is_binding and attribute_note(self.last) is None
        return replacing(self.span, self.last, Safety.UNSAFE) if is_plain else None


@record
class ForeignArgument(WrittenAnew, UnknownArgument):
    """Arguments of a layer by the names of another framework."""

    remedy: ClassVar[str] = "{reason}write `{shown}`"

    @property
    def reason(self) -> str:
        """Why an argument is left out."""
        return (attribute_note(self.name) or "").removesuffix("leave it out") if is_left_out(self.name) else ""

    @property
    def shown(self) -> str:
        """What to write, not too long."""
        return piece(self.instead)
