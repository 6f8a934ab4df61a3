"""Numbers of bytes for reading, in two styles that are not mixed.

What dotnn counts and writes, such as weights and files, is told in decimal units, as disks and downloads are. Limits
are powers of two, and so they, and what is held against them, are told in binary units: a limit of 4 GiB is ``4.0
GiB``.
"""

from __future__ import annotations

_DECIMAL = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
_BINARY = (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))


def decimal_bytes(count: int) -> str:
    """A number of bytes that was counted: ``46.8 MB``."""
    for unit, size in _DECIMAL:
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def exact_bytes(count: int, unit: str = " bytes") -> str:
    """The same to the last one, and in decimal units where those are shorter: ``46,830,571 bytes (46.8 MB)``."""
    return f"{count:,}{unit} ({decimal_bytes(count)})" if count >= 1000 else f"{count:,}{unit}"


def binary_bytes(count: int) -> str:
    """A number of bytes that is held against a limit, or is one: ``3.2 GiB``."""
    if count.bit_length() > 80:
        return "more bytes than any machine has"
    for unit, size in _BINARY:
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} bytes"
