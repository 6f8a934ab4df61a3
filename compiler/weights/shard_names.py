"""How the files are named in which the weights of a large network lie, and their index."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from ..records import positional_record

#: As Hugging Face's libraries name them: ``model-00001-of-00003.safetensors``.
_SHARD: Final = re.compile(
    r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<total>\d{5})(?P<ending>\.safetensors|\.bin)", re.IGNORECASE | re.ASCII
)


@positional_record
class Shard:
    """A file that holds a part of the weights, as its name says.

    Attributes:
        number: which part it is, from 1.
        total: how many parts there are.
        index: the file that says which tensor is in which part.
    """

    number: int
    total: int
    index: Path


def shard_of(path: Path) -> Shard | None:
    """What the name of a file says of being a part; None where it says nothing, or that it is the only one."""
    found = _SHARD.fullmatch(path.name)
    if found is None or int(found["total"]) < 2:
        return None
    index = path.with_name(f"{found['stem']}{found['ending']}.index.json")
    return Shard(int(found["number"]), int(found["total"]), index)
