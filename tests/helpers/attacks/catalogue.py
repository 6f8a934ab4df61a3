"""What attacks are made of, and all of them by name."""

from __future__ import annotations

from collections.abc import Callable

Attack = Callable[[float], str | bytes]

#: Attacks by name: a function of the scale, 1 for the full size.
ATTACKS: dict[str, Attack] = {}

#: Bytes of the largest file that is read by default.
LARGEST = 1_000_000


def attack(function: Attack) -> Attack:
    """Register an attack under the name of its function."""
    ATTACKS[function.__name__] = function
    return function


def text_of(name: str, scale: float = 1.0) -> bytes:
    """The bytes of an attack."""
    text = ATTACKS[name](scale)
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def model(*statements: str, image: str = "N, 8", head: str = "", output: str = "x") -> str:
    """A model of statements, with an input `x` and an output `y`."""
    body = "\n".join(f"    {one}" for one in statements)
    return f"{head}\nmodel attack() {{\n    input x: float32[{image}]\n{body}\n    output y = {output}\n}}\n"


def lines(form: str, count: float, **values: object) -> str:
    """`form` once for each number, which it has as `{i}`; `{{` is a brace."""
    return "\n".join(form.format(i=i, before=i - 1, **values) for i in range(1, int(count) + 1))
