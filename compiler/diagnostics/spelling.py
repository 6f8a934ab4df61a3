"""Diagnostics of the spelling of a text: its bytes, characters, numbers and strings, and words of other languages.

Codes E105 to E109 and E130 to E136.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Final

from ..records import record
from .base import Diagnostic, Fix
from .wording import FoundDiagnostic

#: What to write instead of characters that other languages, keyboards and word processors produce.
_INSTEAD: Final[Mapping[str, str]] = {
    "'": 'strings stand in double quotes: `"same"`',
    "`": 'strings stand in double quotes: `"same"`',
    "“": 'use the plain double quote `"`',
    "”": 'use the plain double quote `"`',
    "‘": 'use the plain double quote `"`',
    "’": 'use the plain double quote `"`',
    "−": "use the plain sign `-`",
    "–": "use the plain sign `-`",
    "—": "use the plain sign `-`",
    "→": "an arrow is written `->`",
    "⇒": "an arrow is written `->`",
    "×": "a product is written `*`",
    "·": "a product is written `*`",
    "÷": "a quotient is written `/`",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "…": "write out what the dots stand for",
    "\\": "lines need no continuation sign: remove it",
    "@": "there are no decorators; between two tensors, `a @ b` is the product of matrices",
    "\ufeff": "remove the byte order mark that stands inside of the text",
}


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
        if self.found.isalnum():
            return "names are made of ASCII letters, digits and `_`; other letters may stand in strings and comments"
        if self.found.isspace():
            return "replace it by an ordinary space"
        return "remove it; outside of strings and comments only ASCII letters, digits and signs are used"


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
            return "only whole numbers take a suffix: write `1500K` for 1.5 million"
        if text[:2].lower() in ("0x", "0b", "0o"):
            return "numbers are written in decimal digits"
        return "numbers look like `64`, `61_482`, `5M`, `0.5` or `1e-3`; a name begins with a letter or `_`"


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
        return None if self.span is None else Fix(self.span, "")


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
        if self.found == "None":
            return "there is no empty value: leave the argument out; an unknown size is a name in capitals, such as `N`"
        return f"write `{self.found.lower()}`"

    def fix(self) -> Fix | None:
        """The word in small letters."""
        if self.span is None or self.found == "None":
            return None
        return Fix(self.span, self.found.lower())


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
    remedy: ClassVar[str] = "write `{instead}`"

    instead: str

    def fix(self) -> Fix | None:
        """Replace it; a word stands apart from the words beside it."""
        if self.span is None:
            return None
        text, apart = self.span.source.text, self.instead.isalpha()
        before = " " if apart and _is_word(text[self.span.start - 1 : self.span.start]) else ""
        behind = " " if apart and _is_word(text[self.span.end : self.span.end + 1]) else ""
        return Fix(self.span, f"{before}{self.instead}{behind}")


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


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
