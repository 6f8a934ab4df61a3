"""The `.keras` format: a zip archive with a model's configuration and its weights in HDF5.

Format: ``keras/src/saving/saving_lib.py``. Nothing of the configuration is built: names and classes of layers are read.
"""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

from ..archives.zips import ARCHIVE_ERRORS, open_zip, recognize_members, seekable, what_archive_errors_say
from ..diagnostics import DotnnError
from ..diagnostics.damage import ArchiveDamage, FileDamage
from ..diagnostics.weights import DamagedWeightFile, WeightFileUnreadable
from ..regular_files import why_not
from .bounded_json import LONGEST, BadJson
from .formats import WeightFormat
from .keras_config import ConfigLayer, read_config
from .keras_hdf5 import KerasFile

_KIND: Final = "`.keras` file"
_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"


def open_keras(stream: IO[bytes], path: Path) -> KerasFile:
    """The tensors of a `.keras` file, which are read from where they lie in it.

    Raises:
        DotnnError: MissingLibrary, DamagedWeightFile or UnsafeHdf5.
    """
    try:
        with ExitStack() as opened:
            archive = open_zip(stream)
            config = _config(archive)
            weights = opened.enter_context(seekable(stream, archive, _member(archive, _WEIGHTS)))
            file = KerasFile(weights, path, _KIND, config, stream)
            opened.pop_all()
            return file
    except OSError as error:
        raise DotnnError(WeightFileUnreadable(path=str(path), reason=why_not(error))) from error
    except (*ARCHIVE_ERRORS, BadJson) as error:
        reason = what_archive_errors_say(error)
        raise DotnnError(DamagedWeightFile(path=str(path), kind=_KIND, reason=reason)) from error


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    found = [one for one in archive.infolist() if one.filename == name]
    if len(found) != 1:
        raise zipfile.BadZipFile((ArchiveDamage.MEMBER_TWICE if found else ArchiveDamage.MEMBER_MISSING)(member=name))
    return found[0]


def _config(archive: zipfile.ZipFile) -> ConfigLayer | None:
    member = _member(archive, _CONFIG)
    with archive.open(member) as stream:
        content = stream.read(LONGEST + 1)
    try:
        return read_config(content)
    except BadJson as error:
        raise BadJson(FileDamage.PART_IS_BAD(part=_CONFIG, fault=str(error))) from error


FORMAT = WeightFormat(
    ".keras",
    _KIND,
    open_keras,
    keeps_stream=True,
    recognize=recognize_members(lambda names: _WEIGHTS in names and _CONFIG in names),
)
