"""What is in a file of PyTorch, found out before PyTorch reads it: how it is laid out, and what its pickles ask for.

PyTorch refuses by itself what is no tensor (``weights_only=True``). This looks first, because it can say what a file is
that holds no weights, and because what PyTorch does allow can still fill the memory.

Formats: ``torch/serialization.py``. Since 1.6 a zip archive with ``<name>/data.pkl`` and ``<name>/data/<number>``;
before, five pickles one behind the other, and the numbers.
"""

from __future__ import annotations

import io
import pickletools
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import IO, Final

from ..archives.zips import ARCHIVE_ERRORS, open_zip, place_of, what_archive_errors_say
from ..diagnostics.damage import FileDamage, TorchDamage

#: How the pickles of the older format begin: protocol 2, and a number of ten bytes that is always the same.
LEGACY_MAGIC: Final = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_LEGACY_PICKLES: Final = 5
#: Longer pickles are refused, as those with more steps: PyTorch keeps all that they say in Python's objects. A tensor
#: takes about 200 bytes and 40 steps.
_LONGEST: Final = 16 << 20
_MOST_STEPS: Final = 2_000_000
_PICKLE: Final = "data.pkl"

#: All that tensors by name, in a checkpoint or not, are made of. PyTorch allows some more.
_ALLOWED: Final = re.compile(
    r"collections (OrderedDict|Counter|defaultdict)|(__builtin__|builtins) (set|complex)"
    r"|torch (Size|device|\w+Storage|(b?float|u?int|complex|bool)\w*)|torch\.storage (Untyped|Typed)Storage"
    r"|torch\._utils _rebuild_(tensor|tensor_v2|tensor_v3|parameter|parameter_with_state)"
    r"|torch\._tensor _rebuild_from_type_v2|torch\.nn\.parameter (Parameter|Buffer)|torch\.serialization _get_layout",
    re.ASCII,
)
#: What makes tensors of other kinds: sparse ones, quantized ones, those without numbers.
_OTHER_TENSORS: Final = re.compile(r"torch\._utils _rebuild_\w+", re.ASCII)
#: Steps that name what they call, and those that PyTorch's files have none of.
_NAMES_IT, _OTHER_CALLS = frozenset({"GLOBAL", "INST"}), frozenset({"STACK_GLOBAL", "EXT1", "EXT2", "EXT4"})
# What pickletools raises for what is no pickle.
_PICKLE_ERRORS: Final = (ValueError, OverflowError, MemoryError, IndexError, AttributeError, TypeError)


class BadContents(ValueError):
    """What is wrong with a file, as a phrase."""


class NoWeights(Exception):
    """A file holds something else than weights, as a phrase says."""


class AsksFor(Exception):
    """A file asks for something that is no tensor; the argument is its full name, empty where it has none."""


def check_contents(stream: IO[bytes]) -> bool:
    """Look at a file; whether its numbers can be mapped into memory.

    Raises:
        BadContents: it is damaged.
        NoWeights: it holds something else.
        AsksFor: it could run code.
        OSError: it cannot be read.
    """
    stream.seek(0)
    if stream.read(4) == b"PK\3\4":
        _check_archive(stream)
        return True
    stream.seek(0)
    head = stream.read(_LONGEST)
    if not head.startswith(b"\x80"):
        raise BadContents(TorchDamage.NO_TORCH_FILE() if head else FileDamage.IS_EMPTY())
    content = io.BytesIO(head)
    if not head.startswith(LEGACY_MAGIC):
        _check_pickle(content)
        raise BadContents(TorchDamage.PICKLE_OF_ANOTHER())
    for _ in range(_LEGACY_PICKLES):
        _check_pickle(content)
    return False


def _check_archive(stream: IO[bytes]) -> None:
    try:
        archive = open_zip(stream)
        members = archive.infolist()
        pickles = [one for one in members if one.filename.rpartition("/")[2] == _PICKLE]
        if any(one.filename.rpartition("/")[2] == "constants.pkl" for one in members):
            raise NoWeights(TorchDamage.IS_TORCH_SCRIPT())
        if len(pickles) != 1:
            raise BadContents(TorchDamage.NO_PICKLE_IN_ARCHIVE())
        ends = sorted((place_of(stream, archive, one), one.file_size) for one in members if not one.is_dir())
        for (start, size), (after, _) in pairwise(ends):
            if start + size > after:
                raise BadContents(TorchDamage.PARTS_OVERLAP())
        if pickles[0].file_size > _LONGEST:
            raise BadContents(TorchDamage.PICKLE_TOO_LONG(length=pickles[0].file_size, most=_LONGEST))
        content = archive.read(pickles[0])
    except ARCHIVE_ERRORS as error:
        raise BadContents(what_archive_errors_say(error)) from error
    _check_pickle(io.BytesIO(content))


def _check_pickle(content: IO[bytes]) -> None:
    """Follow a pickle to its end, without doing what it says."""
    texts, is_newer = ["", ""], False
    for name, argument in _steps(content):
        if name in _NAMES_IT:
            _need_allowed(str(argument))
        elif name in _OTHER_CALLS:
            # It stands on the pickle's stack, and mostly was put there just before.
            _need_allowed(" ".join(texts))
            is_newer = True
        if isinstance(argument, str):
            texts = [texts[1], argument]
    if is_newer:
        raise NoWeights(TorchDamage.PICKLE_PROTOCOL())


def _need_allowed(called: str) -> None:
    if _OTHER_TENSORS.fullmatch(called) and not _ALLOWED.fullmatch(called):
        raise NoWeights(TorchDamage.HAS_OTHER_TENSORS())
    if not _ALLOWED.fullmatch(called):
        raise AsksFor(called.strip().replace(" ", ".", 1)[:200])


def _steps(content: IO[bytes]) -> Iterator[tuple[str, object]]:
    steps = pickletools.genops(content)
    for _ in range(_MOST_STEPS):
        try:
            step, argument, _ = next(steps)
        except StopIteration:
            return
        except _PICKLE_ERRORS as error:
            raise BadContents(TorchDamage.PICKLE_DAMAGED(reason=" ".join(str(error).split())[:200])) from error
        yield step.name, argument
    raise BadContents(TorchDamage.TOO_MANY_STEPS(most=_MOST_STEPS))


def recognize_torch(stream: IO[bytes]) -> bool:
    """Whether an open file looks like one of PyTorch, whatever it holds."""
    stream.seek(0)
    head = stream.read(len(LEGACY_MAGIC))
    if head == LEGACY_MAGIC:
        return True
    if head[:4] != b"PK\3\4":
        return False
    try:
        return any(name.rpartition("/")[2] == _PICKLE for name in open_zip(stream).namelist())
    except (*ARCHIVE_ERRORS, OSError):
        return False
