"""What nests as deeply as the limits admit compiles, and no setting of the process is touched for it."""

from __future__ import annotations

import contextvars
import gc
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from dotnn.compiler.checking import check
from dotnn.compiler.deep_calls import on_new_stack
from dotnn.compiler.driver import compile_source

LEVELS = 185
#: Frames that whoever calls the library has on the stack already.
CALLER = 300


def model(value: str, items: str = "") -> str:
    return f"{items}\nmodel m {{\n    input x: float32[N, 8]\n    output y = {value}\n}}\n"


def nested(before: str, inside: str, behind: str, levels: int = LEVELS) -> str:
    return before * levels + inside + behind * levels


DEEP = {
    "parentheses": model(f"x -> dense({nested('(', '8', ')')})"),
    "signs": model(f"x -> dense({'-' * (LEVELS // 2 * 2)}8)"),
    "sums": model(f"x -> dense(8{' + 1' * LEVELS})"),
    "sums of tensors": model(f"x{' + x' * LEVELS}"),
    "lists": model("x -> dense(numbers" + "[0]" * LEVELS + ")", f"const numbers = {nested('[', '1', ']')}"),
    "groups": model(f"x -> {nested('{ relu -> ', 'relu', '}', LEVELS // 2)}"),
    "labelled groups": model(f"x -> {nested('a: { ', 'relu', '}', LEVELS // 2)}"),
    "conditions": model(nested("if true { ", "x", " } else { x }", LEVELS // 2)),
    "other conditions": model("if false { x } " + "else if false { x } " * (LEVELS // 2) + "else { x }"),
    "calls": model(nested("relu(", "x", ")", LEVELS // 2)),
    "dimensions": model("x -> dense(8)").replace("8]", f"{nested('(', '8', ')')}]"),
    "labels": model(f"x -> a{{{nested('(', '8', ')')}}}: relu"),
    "blocks": model(
        f"x -> b{LEVELS}",
        "block b0(x) { return x -> relu }\n"
        + "\n".join(f"block b{i}(x) {{ return x -> b{i - 1} }}" for i in range(1, LEVELS + 1)),
    ),
    "consts": model(
        f"x -> dense(c{LEVELS})", "const c0 = 8\n" + "\n".join(f"const c{i} = c{i - 1}" for i in range(1, LEVELS + 1))
    ),
}

WRONG = {
    "a list for a number": (model(f"x -> dense({nested('[', '1', ']')})"), ["E301"]),
    "a word at the bottom": (model(f"x -> dense({nested('[', 'wrong', ']')})"), ["E201"]),
    "a shape at the bottom": (model(nested("relu(", "x -> conv2d(3, kernel=3)", ")", LEVELS // 2)), ["E401"]),
}


def called_at_depth(function: Callable[[], object], depth: int) -> object:
    return function() if not depth else called_at_depth(function, depth - 1)


@pytest.fixture(autouse=True)
def _settings_are_left_alone():
    threads = threading.active_count()
    before = sys.getrecursionlimit(), gc.isenabled(), gc.get_threshold()
    yield
    assert (sys.getrecursionlimit(), gc.isenabled(), gc.get_threshold()) == before
    assert threading.active_count() == threads


@pytest.mark.parametrize("name", DEEP)
def test_deep_texts_compile_with_the_stack_that_is_there(name: str) -> None:
    assert sys.getrecursionlimit() <= 1000

    def compiled() -> None:
        assert not [one for one in check(Path("net.nn").resolve(), text=DEEP[name]).diagnostics if one.code[0] == "E"]
        model = compile_source(DEEP[name])
        assert model.to_bytes()

    called_at_depth(compiled, CALLER)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_far_down_is_told(name: str) -> None:
    text, codes = WRONG[name]
    assert [one.code for one in check(Path("net.nn").resolve(), text=text).diagnostics] == codes


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    try:
        check(Path("net.nn").resolve(), text=DEEP["sums"])
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_call_on_a_new_stack_gives_and_raises_what_the_function_does() -> None:
    assert on_new_stack(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        on_new_stack(divmod, 7, 0)


def test_what_holds_for_the_caller_holds_on_the_new_stack() -> None:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable")
    variable.set(3)
    assert on_new_stack(variable.get) == 3
