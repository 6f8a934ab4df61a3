"""Diagnostics of the spelling of a text: its bytes, characters, numbers and strings, and words of other languages.

Codes E105 to E109 and E130 to E136.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Final

from ..records import record
from ..source import Span
from .base import Diagnostic
from .fixes import Edit, Fix, Safety, is_word, removing, replacing, without_argument
from .syntax_wording import FoundDiagnostic, axis_name, piece

#: What to write instead of characters that other languages, keyboards and word processors produce.
_INSTEAD: Final[Mapping[str, str]] = {
    "'": 'strings stand in double quotes: `"same"`',
    "`": 'strings stand in double quotes: `"same"`',
    "“": 'use the plain double quote `"`',
    "”": 'use the plain double quote `"`',
    "‘": 'use the plain double quote `"`',
    "’": 'use the plain double quote `"`',
    "…": "write out what the dots stand for",
    "\\": "lines need no continuation sign: remove it",
    "@": "there are no decorators; between two tensors, `a @ b` is the product of matrices",
    "\ufeff": "remove the byte order mark that stands inside of the text",
}

#: Signs of other keyboards, and the one of the language that each can only mean.
_SIGNS: Final[Mapping[str, str]] = {
    "−": "-",
    "–": "-",
    "—": "-",
    "→": "->",
    "⇒": "->",
    "×": "*",
    "·": "*",
    "÷": "/",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
}
_SIGN_NAMES: Final[Mapping[str, str]] = {
    "-": "use the plain sign `{}`",
    "->": "an arrow is written `{}`",
    "*": "a product is written `{}`",
    "/": "a quotient is written `{}`",
}
#: Quotes of other languages and keyboards, and what closes each of them.
QUOTES: Final[Mapping[str, str]] = {"'": "'", "`": "`", "“": "”", "‘": "’", "”": "”", "’": "’"}


@record
class UnknownCharacter(FoundDiagnostic):
    """A character has no meaning in a `.nn` file.

    Outside of strings and comments there are ASCII letters, digits, `_` and the signs of the language. Typical
    strangers are single quotes, typographic quotes and dashes, and letters with accents in names.

    ```nn
    const mode = 'same'
    ```

    ```nn
    const mode = "same"
    ```
    """

    code: ClassVar[str] = "E105"
    message: ClassVar[str] = "the character {shown} has no meaning here"
    label: ClassVar[str] = "unknown character"
    remedy: ClassVar[str] = "{advice_text}"

    @property
    def shown(self) -> str:
        """The character, with its number and name if it is not ASCII."""
        if self.found.isascii() and self.found.isprintable():
            return f"`{self.found}`"
        name = unicodedata.name(self.found, "unnamed")
        number = f"U+{ord(self.found):04X}"
        return f"`{self.found}` ({number}, {name})" if self.found.isprintable() else f"{number} ({name})"

    @property
    def advice_text(self) -> str:
        """What to do."""
        if self.found in _INSTEAD:
            return _INSTEAD[self.found]
        if self.found in _SIGNS:
            return _SIGN_NAMES.get(_SIGNS[self.found], "write `{}`").format(_SIGNS[self.found])
        if self.found.isalnum():
            return "names are made of ASCII letters, digits and `_`; other letters may stand in strings and comments"
        if self.found.isspace():
            return "replace it by an ordinary space"
        return "remove it; outside of strings and comments only ASCII letters, digits and signs are used"

    def fix(self) -> Fix | None:
        """The sign that is meant, or both quotes of a string; what means nothing may be taken out."""
        if self.found in QUOTES:
            return self._requoted()
        if self.found in _SIGNS:
            return replacing(self.span, _SIGNS[self.found])
        if self.found in "…@" or self.found.isalnum():
            return None
        if self.found.isspace():
            return replacing(self.span, " ")
        return removing(self.span, Safety.SAFE if self.found in _INSTEAD else Safety.UNSAFE)

    def _requoted(self) -> Fix | None:
        """Plain quotes, where the closing one stands on the same line and the text between needs no escape."""
        if self.span is None or self.found not in QUOTES:
            return None
        source, start = self.span.source, self.span.start
        end = source.text.find(QUOTES[self.found], self.span.end)
        if end < 0 or any(sign in source.text[self.span.end : end] for sign in '"\\\n'):
            return None
        return Fix((Edit(source.span(start, start + 1), '"'), Edit(source.span(end, end + 1), '"')), Safety.SAFE)


@record
class UnterminatedString(Diagnostic):
    """A string is not closed on its line.

    ```nn
    import stem from "blocks/stem.nn
    ```

    ```nn
    import stem from "blocks/stem.nn"
    ```
    """

    code: ClassVar[str] = "E106"
    message: ClassVar[str] = "this string is not closed before the end of its line"
    label: ClassVar[str] = "the string starts here"
    remedy: ClassVar[str] = 'write the closing `"`; for a line break inside of a string write `\\n`'

    def fix(self) -> Fix | None:
        """The quote behind the first word, if nothing but signs or a blank follows it; it may belong elsewhere."""
        if self.span is None:
            return None
        word = re.match(_STRING_OF_ONE_WORD, self.span.text)
        if word is None:
            return None
        end = self.span.start + word.end()
        return replacing(self.span.source.span(end, end), '"', Safety.UNSAFE)


_STRING_OF_ONE_WORD: Final = r"\"[\w./-]+(?=[\s)\]},]|\Z)"


@record
class UnknownEscape(FoundDiagnostic):
    r"""A backslash in a string is followed by something that has no meaning there.

    Known are `\"`, `\\`, `\n`, `\r`, `\t` and `\u{1F600}`, a character by its number in hexadecimal digits.

    ```nn
    import stem from "blocks\stem.nn"
    ```

    ```nn
    import stem from "blocks/stem.nn"
    ```
    """

    code: ClassVar[str] = "E107"
    message: ClassVar[str] = "`{found}` means nothing in a string"
    label: ClassVar[str] = "unknown escape"
    remedy: ClassVar[str] = (
        'write `\\\\` for a backslash; known escapes are `\\"`, `\\\\`, `\\n`, `\\r`, `\\t` and `\\u{{1F600}}`; '
        "paths are written with `/`"
    )

    def fix(self) -> Fix | None:
        """The backslash itself, or the sign of a path in an import."""
        if self.span is None or len(self.found) != 2:
            return None
        if self.span.source.line(self.span.line).lstrip().startswith("import"):
            return replacing(self.span, "/" + self.found[1], Safety.UNSAFE)
        return replacing(self.span, "\\" + self.found, Safety.UNSAFE)


@record
class MalformedNumber(FoundDiagnostic):
    """Something begins like a number and does not go on like one.

    Integers are `61_482`, or with a suffix `60K`, `5M`, `2G` in powers of 1000; floats have digits on both sides of the
    point, `0.5`, or an exponent, `1e-3`. A name does not begin with a digit.

    ```nn
    const rate = .5
    const budget = 1.5M
    ```

    ```nn
    const rate = 0.5
    const budget = 1500K
    ```
    """

    code: ClassVar[str] = "E108"
    message: ClassVar[str] = "`{shown}` is no number"
    label: ClassVar[str] = "malformed number"
    remedy: ClassVar[str] = "{advice_text}"

    @property
    def shown(self) -> str:
        """The text, shortened."""
        return self.found if len(self.found) <= 32 else self.found[:29] + "…"

    @property
    def advice_text(self) -> str:
        """What to do."""
        text = self.shown
        if text.startswith(".") and text[1:].isdigit():
            return f"write `0{text}`"
        if text.endswith(".") and text[:-1].isdigit():
            return f"write `{text}0`, or `{text[:-1]}` for an integer"
        if text[:-1].isdigit() and text[-1] in "kmg":
            return f"suffixes are capital letters: `{text.upper()}`"
        if "." in text and text[-1] in "KMG":
            instead = self.instead or "1500K"
            return f"only whole numbers take a suffix: write `{instead}`"
        if text[:2].lower() in ("0x", "0b", "0o"):
            return f"numbers are written in decimal digits{f': `{self.instead}`' if self.instead else ''}"
        return "numbers look like `64`, `61_482`, `5M`, `0.5` or `1e-3`; a name begins with a letter or `_`"

    @property
    def instead(self) -> str:
        """The same number as it is written here; empty where it is not plain which one is meant."""
        text = self.found
        if len(text) > _LONGEST_NUMBER:
            return ""
        if re.fullmatch(r"\.[0-9]+(?:[eE][+-]?[0-9]+)?", text):
            return f"0{text}"
        if re.fullmatch(r"[0-9]+\.", text):
            return f"{text}0"
        if re.fullmatch(r"[0-9]+[kmg]", text):
            return text.upper()
        if re.fullmatch(r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+", text):
            return str(int(text, 0))
        scaled = re.fullmatch(r"([0-9]+)\.([0-9]{1,9})([KMG])", text)
        return _whole(*scaled.groups()) if scaled is not None else ""

    def fix(self) -> Fix | None:
        """The same number, well written."""
        if self.span is None or not self.instead:
            return None
        before = self.span.source.text[: self.span.start][-1:]
        return None if is_word(before) or before in (")", "]") else replacing(self.span, self.instead)


#: Longer numbers are not written anew.
_LONGEST_NUMBER: Final = 32


def _whole(units: str, fraction: str, suffix: str) -> str:
    """`1.5M` as `1500K`; empty if it is no whole number."""
    exponent = {"K": 3, "M": 6, "G": 9}[suffix]
    if len(fraction.rstrip("0")) > exponent:
        return ""
    value = int(units + fraction[:exponent].ljust(exponent, "0"))
    scales = ((10**9, "G"), (10**6, "M"), (10**3, "K"), (1, ""))
    scale, letter = next(one for one in scales if value % one[0] == 0)
    return f"{value // scale}{letter}"


@record
class FloatOutOfRange(FoundDiagnostic):
    """A float is too large, or too near to zero, for 64 bits.

    ```nn
    const huge = 1e999      # would become infinite
    ```
    """

    code: ClassVar[str] = "E109"
    message: ClassVar[str] = "{found_words} lies outside of what a 64-bit float can hold"
    label: ClassVar[str] = "would become {becomes}"
    remedy: ClassVar[str] = "floats reach from about 5e-324 to 1.8e308"

    becomes: str


@record
class Semicolon(Diagnostic):
    """Statements need no separator.

    ```nn
    const a = 1;
    const b = 2
    ```

    ```nn
    const a = 1
    const b = 2
    ```
    """

    code: ClassVar[str] = "E130"
    message: ClassVar[str] = "`;` has no meaning: statements need no separator"
    label: ClassVar[str] = "remove this"
    remedy: ClassVar[str] = "remove the `;`"

    def fix(self) -> Fix | None:
        """Remove it."""
        return removing(self.span)


@record
class ForeignComment(FoundDiagnostic):
    """A comment is written as in another language.

    A comment begins with `#` and goes to the end of its line; `##` documents what follows.

    ```nn
    // the width of the stem
    const width = 64
    ```

    ```nn
    # the width of the stem
    const width = 64
    ```
    """

    code: ClassVar[str] = "E131"
    message: ClassVar[str] = "`{found}` begins no comment"
    label: ClassVar[str] = "comments begin with `#`"
    remedy: ClassVar[str] = "write `#` instead of `{found}`, on every line of the comment"

    def fix(self) -> Fix | None:
        """The sign at this line and at those that go on; what opens and closes a comment only where it ends a line."""
        if self.span is None:
            return None
        if self.found == "//":
            return _hashes(self.span, _LINES_OF_SLASHES)
        return _hashes(self.span, _LINES_OF_STARS) if self.found == "/*" else None


#: A comment, and within it what becomes the sign at the head of each line.
_LINES_OF_SLASHES: Final = r"//[^\n]*(?:\n[ \t]*//[^\n]*)*", r"(?:\A|\n[ \t]*)(//)"
_LINES_OF_STARS: Final = (
    r"/\*(?:(?!\*/)[\s\S])*\*/(?=[ \t\r]*(?:\n|\Z))",
    r"(?:\A(?=/)|\n[ \t]*)(/\*|\*(?!/)|)",
)


def _hashes(start: Span, pattern: tuple[str, str]) -> Fix | None:
    """A comment of other languages with the sign of this one on each of its lines."""
    source, (comment, heads) = start.source, pattern
    found = re.match(comment, source.text[start.start :])
    if found is None:
        return None
    offset = start.start
    places = [(offset + head.start(1), offset + head.end(1)) for head in re.finditer(heads, found.group())]
    edits = [Edit(source.span(first, end), "#" if first < end else "# ") for first, end in places]
    if found.group().endswith("*/"):
        edits.append(Edit(source.span(offset + found.end() - 2, offset + found.end()), ""))
    return Fix(tuple(edits), Safety.SAFE)


@record
class ForeignLiteral(FoundDiagnostic):
    """A value is written as in Python.

    ```nn
    block feature(x) { return x -> dense(8, bias=False) }
    ```

    ```nn
    block feature(x) { return x -> dense(8, bias=false) }
    ```
    """

    code: ClassVar[str] = "E132"
    message: ClassVar[str] = "`{found}` is Python's word"
    label: ClassVar[str] = "no value of this language"
    remedy: ClassVar[str] = "{advice_text}"

    @property
    def advice_text(self) -> str:
        """What to do."""
        if self.found == "None" and self._axis:
            return f"a size that is open has a name in capitals: write `{self._axis}`"
        if self.found == "None":
            return "there is no empty value: leave the argument out; an unknown size is a name in capitals, such as `N`"
        return f"write `{self.found.lower()}`"

    def fix(self) -> Fix | None:
        """The word in small letters; the argument that is given no value may be left out."""
        if self.found == "None" and self._axis:
            return replacing(self.span, self._axis, Safety.UNSAFE)
        if self.found == "None":
            return without_argument(self.span)
        return replacing(self.span, self.found.lower())

    @property
    def _axis(self) -> str:
        """A name for the axis that it is the size of; empty where it is none."""
        return axis_name(self.span) if self.span is not None else ""


@record
class ForeignOperator(FoundDiagnostic):
    """An operator is written as in another language.

    ```nn
    const fine = 1 < 2 && 2 < 3
    ```

    ```nn
    const fine = 1 < 2 and 2 < 3
    ```

    Attributes:
        instead: how it is written here.
    """

    code: ClassVar[str] = "E133"
    message: ClassVar[str] = "`{found}` is no operator of this language"
    label: ClassVar[str] = "write `{instead}`"
    remedy: ClassVar[str] = "write `{instead}`{otherwise}"

    instead: str

    @property
    def otherwise(self) -> str:
        """What else may be meant."""
        return ", or `or` between two conditions" if (self.found, self.instead) == ("|", "->") else ""

    def fix(self) -> Fix | None:
        """Replace it; a word stands apart from the words beside it. A sign of bits may mean something else."""
        if self.span is None:
            return None
        text, apart = self.span.source.text, self.instead.isalpha()
        before = " " if apart and is_word(text[self.span.start - 1 : self.span.start]) else ""
        behind = " " if apart and is_word(text[self.span.end : self.span.end + 1]) else ""
        safety = Safety.UNSAFE if self.found in ("|", "&", "^") else Safety.SAFE
        return replacing(self.span, f"{before}{self.instead}{behind}", safety)


class Encoding(StrEnum):
    """What bytes may be that are no UTF-8."""

    UTF16 = "UTF-16"
    UNMARKED_UTF16 = "UTF-16 without a byte order mark, or no text at all"
    LATIN = "Latin-1 or Windows-1252"


@record
class NotUtf8(Diagnostic):
    """The bytes of a file are no UTF-8.

    A `.nn` file is text in UTF-8. Editors that save in another encoding (Latin-1, Windows-1252, UTF-16) have a
    command to save in UTF-8 instead.

    Attributes:
        byte: the first byte that does not fit.
        offset: how many bytes stand before it.
        guess: the encoding that the bytes look like.
    """

    code: ClassVar[str] = "E134"
    message: ClassVar[str] = "the file is not UTF-8: byte 0x{byte:02X} at offset {offset} fits nothing"
    label: ClassVar[str] = "here"
    remedy: ClassVar[str] = "save the file as UTF-8; it looks like {guess}"

    byte: int
    offset: int
    guess: Encoding


@record
class ControlCharacter(Diagnostic):
    """A text holds control characters, which no text editor shows.

    Tabs and line ends are fine; any other control character, NUL among them, usually means that the file is no text.

    Attributes:
        number: the code point of the first one.
        count: how many there are.
    """

    code: ClassVar[str] = "E135"
    message: ClassVar[str] = "the text holds the control character U+{number:04X} ({count} control characters in all)"
    label: ClassVar[str] = "an invisible character"
    remedy: ClassVar[str] = "is this a text file, saved as UTF-8? If so, remove the character"

    number: int
    count: int

    def fix(self) -> Fix | None:
        """Without the character, where it is the only one."""
        return removing(self.span, Safety.UNSAFE) if self.count == 1 else None


@record
class TooManySyntaxErrors(Diagnostic):
    """There are more syntax errors than it helps to list.

    The rest of the file was not read. Usually it is no `.nn` file, or one early mistake upsets all that follows.

    Attributes:
        count: how many were reported.
    """

    code: ClassVar[str] = "E136"
    message: ClassVar[str] = "{count} syntax errors: the rest of the file is not read"
    label: ClassVar[str] = "stopped here"
    remedy: ClassVar[str] = "mend the first ones and check again"

    count: int


@record
class ConditionBehind(Diagnostic):
    """A condition stands behind the value that it chooses, as in Python.

    Here it stands first, and both values in braces.

    ```nn
    const WIDTH = 64 if true else 32
    ```

    ```nn
    const WIDTH = if true { 64 } else { 32 }
    ```
    """

    code: ClassVar[str] = "E141"
    message: ClassVar[str] = "`if` stands behind a value"
    label: ClassVar[str] = "a condition stands first"
    remedy: ClassVar[str] = "write `{mended}`"

    whole: Span | None = None  #: the value with its condition, where its ends are known

    @property
    def mended(self) -> str:
        """The condition before its two values."""
        return piece(self._mended) or "if c { a } else { b }` for `a if c else b"

    @property
    def _mended(self) -> str:
        parts = re.fullmatch(r"(.+?)\s+if\s+(.+?)\s+else\s+(.+)", self.whole.text if self.whole is not None else "")
        return "if {1} {{ {0} }} else {{ {2} }}".format(*parts.groups()) if parts is not None else ""

    def fix(self) -> Fix | None:
        """The condition before its two values; where they end is a guess."""
        return replacing(self.whole, self._mended, Safety.UNSAFE) if self._mended else None
