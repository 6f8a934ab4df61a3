"""Brackets, words and characters: what the parser has to answer."""

from __future__ import annotations

import random
import string

from .catalogue import ATTACKS, LARGEST, attack, lines, model

_OPENINGS = {
    "parentheses": ("(", "1", ")"),
    "lists": ("[", "1", "]"),
    "calls": ("max(", "1", ")"),
    "indices": ("a[", "1", "]"),
    "minus": ("-", "1", ""),
    "not": ("not ", "true", ""),
    "powers": ("2 ** ", "2", ""),
    "conditions": ("if true { ", "1", " } else { 1 }"),
    "else_if": ("if false { 1 } else ", "if true { 1 } else { 2 }", ""),
    "pipelines": ("(x -> relu -> dense(", "1", "))"),
    "sums": ("1 + ", "1", ""),
    "attributes": ("", "x", ".shape"),
    "comparisons": ("1 == ", "1", ""),
}
for _name, (_opening, _middle, _closing) in _OPENINGS.items():
    for _part, _closed in (("open", False), ("closed", True)):
        ATTACKS[f"deep_{_name}_{_part}"] = lambda scale, o=_opening, m=_middle, c=_closing, closed=_closed: (
            f"const n = {o * (count := int(scale * 450_000) // max(len(o), len(c)))}{m}{c * count if closed else ''}"
        )
_GROUPS = {
    "groups": ("{ ", "relu", " }"),
    "labels": ("a: { ", "relu", " }"),
    "loops": ("for i in [1] { ", "relu", " }"),
    "repeats": ("repeat(1) { ", "relu", " }"),
    "computed_labels": ("{", "1", "}"),
}
for _name, (_opening, _middle, _closing) in _GROUPS.items():
    for _part, _closed in (("open", False), ("closed", True)):
        ATTACKS[f"deep_{_name}_{_part}"] = lambda scale, o=_opening, m=_middle, c=_closing, closed=_closed: model(
            output=f"x -> {o * (count := int(scale * 450_000) // len(o))}{m}{c * count if closed else ''}"
        )

_WORDS = (
    'model', 'block', 'input', 'x', '->', '{', '}', '(', ')', '[', ']', ',', ':', '=', 'a:', 'a.', 'a = b\n', '1',
    '1.5', '"', '"a"', '\\', '#', '##', '\n', '\r', '\r\n', ' ', '\t', '_', '.', '-', '+', '*', '**', '==', '!=', '!',
    '?', ';', 'import a from "b"\n', 'const a = 1\n', 'block b(x) { return x }\n', 'model m() {\n', 'expect 1 == 1\n',
    'if', 'else', 'for', 'repeat(2) {', 'reuse(a)', 'a ->', '-> a:', '-> {', '{a}', '{ {', 'a = {', '\xe9', '\u202e',
    'e\u0301', '\U0001f600', '\ufeff', '\x00', '1_', '1__0', '0x10', '1e', '1K', '//', '/*', "'", '`', '@', '$', '%',
    '&', '|', '~', '^', '<', '>', 'return x\n', 'output y = x\n', 'a, ', 'a[', 'a(b=', 'a={', 'True', 'None', 'and',
    'not', '\u2028', '\xa0', '\u03bb',
)  # fmt: skip
_HEADS = {"alone": "", "body": "model m() { ", "value": "const a = ", "stage": "model m() { a = x -> "}
for _number, _word in enumerate(_WORDS):
    for _place, _head in _HEADS.items():
        ATTACKS[f"only_{_number}_{_place}"] = lambda scale, word=_word, head=_head: (
            head + word * int(scale * (LARGEST - 100) / len(word.encode()))
        )
        ATTACKS[f"spaced_{_number}_{_place}"] = lambda scale, word=_word, head=_head: (
            head + (word + " ") * int(scale * min(200_000, (LARGEST - 100) // (1 + len(word.encode()))))
        )


@attack
def comments(scale: float) -> str:
    return "## a\n# b\n" * int(90_000 * scale)


@attack
def documented(scale: float) -> str:
    return model(output="x " + "-> ## a\n ## b\n relu # c\n" * int(35_000 * scale))


@attack
def one_line(scale: float) -> str:
    return model(output="x" + " -> relu" * int(80_000 * scale)).replace("\n", " ")


@attack
def mistakes_on_one_line(scale: float) -> str:
    return "model m() { " + "a = = b " * int(100_000 * scale)


@attack
def mistakes(scale: float) -> str:
    return model(lines("a{i} = x -> -> relu(", 40_000 * scale))


@attack
def mistakes_in_items(scale: float) -> str:
    return lines("model m{i}( {{ input x output y = ] }}", 25_000 * scale)


@attack
def unterminated_strings(scale: float) -> str:
    return lines('const a{i} = "abc', 50_000 * scale)


@attack
def escapes(scale: float) -> str:
    return 'const a = "' + "\\u{41}\\n" * int(100_000 * scale) + '"'


@attack
def unknown_escapes(scale: float) -> str:
    return lines('const a{i} = "\\q"', 50_000 * scale)


@attack
def carriage_returns(scale: float) -> str:
    return lines("const a{i} = 1\r", 50_000 * scale).replace("\n", "")


@attack
def long_names(scale: float) -> str:
    name = "n" * int(240_000 * scale)
    return model(f"{name} = x", f"z = {name}x", output=f"{name} -> {name}: relu")


@attack
def long_names_alike(scale: float) -> str:
    names = [f"{'abcdefghij' * 7}{i}" for i in range(int(4_000 * scale))]
    return model(*(f"{one} = x" for one in names), *(f"z{one} = q{one}" for one in names))


@attack
def label_braces(scale: float) -> str:
    return model(output="x -> " + "{" + "1 + " * int(200_000 * scale) + "1}: relu")


@attack
def many_label_braces(scale: float) -> str:
    return model(output="x -> " + "a{1}" * int(200_000 * scale) + ": relu")


@attack
def label_without_colon(scale: float) -> str:
    return model(output="x -> " + "a{1}" * int(200_000 * scale) + " relu")


@attack
def groups_in_a_row(scale: float) -> str:
    return model(output="x -> {" + " { relu } -> " * int(60_000 * scale) + "relu }")


def _random_bytes(scale: float) -> bytes:
    return random.Random(1).randbytes(int(LARGEST * scale))


def _random_words(scale: float, seed: int) -> str:
    source = random.Random(seed)
    return " ".join(source.choices(_WORDS, k=int(150_000 * scale)))


def _random_characters(scale: float) -> str:
    return "".join(random.Random(3).choices(string.printable, k=int(900_000 * scale)))


ATTACKS["random_bytes"] = _random_bytes
ATTACKS["random_characters"] = _random_characters
for _seed in range(4):
    ATTACKS[f"random_words_{_seed}"] = lambda scale, seed=_seed: _random_words(scale, seed)
ATTACKS["utf16"] = lambda scale: model(output="x").encode("utf-16")
ATTACKS["utf32"] = lambda scale: model(output="x").encode("utf-32")
ATTACKS["latin1"] = lambda scale: "# é\n".encode("latin-1") * int(200_000 * scale)
ATTACKS["surrogates"] = lambda scale: "\ud800" * int(300_000 * scale)
ATTACKS["byte_order_marks"] = lambda scale: "\ufeff" * 1000 + model(output="x")
ATTACKS["two_megabytes"] = lambda scale: b"# " + b"a" * 2_000_000
ATTACKS["nothing"] = lambda scale: b""
