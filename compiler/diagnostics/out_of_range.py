"""Arguments of calls from Python that are out of their range (E908), each with what it may be."""

from __future__ import annotations

from collections.abc import Sequence

from .running import BadOption
from .suggest import one_of

#: Bits of the largest number that a message writes out.
_MOST_BITS = 128


def no_folder(option: str, path: str) -> BadOption:
    """The diagnostic for a path that leads to no folder."""
    return BadOption(option=option, found=f"`{path}`", expected="a folder that exists")


def integer_out_of_range(option: str, number: int, least: int, most: int) -> BadOption:
    """The diagnostic for a number that is too small or too large."""
    # Python refuses to write out numbers of thousands of digits.
    bits = number.bit_length()
    found = f"{number:,}" if bits <= _MOST_BITS else f"an int of {bits:,} bits"
    return BadOption(option=option, found=found, expected=f"an integer from {least:,} to {most:,}")


def none_of_choices(option: str, found: str, choices: Sequence[str]) -> BadOption:
    """The diagnostic for something other than one of some words."""
    return BadOption(option=option, found=found, expected=one_of(choices))
