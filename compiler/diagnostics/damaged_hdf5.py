"""What is wrong with HDF5 files, and with how Keras's layers lie in them."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .phrases import Phrase

# HDF5 ---------------------------------------------------------------------------------------------------------------


@record
class NoHdf5(Phrase):
    says: ClassVar[str] = "it does not begin as an HDF5 file"


@record
class Hdf5Says(Phrase):
    says: ClassVar[str] = "HDF5 says: {reason}"

    reason: str


@record
class GroupsTooDeep(Phrase):
    says: ClassVar[str] = "its groups are nested too deeply"


@record
class TooManyObjects(Phrase):
    says: ClassVar[str] = "it holds more than {most:,} groups and arrays"

    most: int


@record
class AttributeTooLong(Phrase):
    says: ClassVar[str] = "its attribute `{name}` is too long"

    name: str


@record
class AttributeIsNoText(Phrase):
    says: ClassVar[str] = "its attribute `{name}` is no text"

    name: str


@record
class AttributeIsNoList(Phrase):
    says: ClassVar[str] = "its attribute `{name}` is no list of texts"

    name: str


@record
class AttributeElsewhere(Phrase):
    says: ClassVar[str] = "its attribute `{name}` lies elsewhere, or is too long"

    name: str


@record
class _AtPlace(Phrase):
    """Base of what is said of a group or an array, by the names on the way to it."""

    path: tuple[str, ...]

    @property
    def place(self) -> str:
        """The names as HDF5 writes them."""
        return "/".join(self.path)


@record
class NoGroupNoArray(_AtPlace):
    says: ClassVar[str] = "`{place}` is no group and no array"


@record
class HoldsNoNumbers(_AtPlace):
    says: ClassVar[str] = "`{place}` holds no numbers"


@record
class NoUsableShape(_AtPlace):
    says: ClassVar[str] = "`{place}` has no shape, or too many axes"


@record
class BlocksTooLarge(_AtPlace):
    says: ClassVar[str] = "`{place}` lies in blocks that are too large"


@record
class FewerNumbersThanShape(_AtPlace):
    says: ClassVar[str] = (
        "`{place}` has not as many numbers as its shape says: {axes} takes {wanted:,} bytes, and it has {stored:,}"
    )

    shape: tuple[int, ...]
    wanted: int
    stored: int

    @property
    def axes(self) -> list[int]:
        """The shape, as it is shown."""
        return list(self.shape)


# Keras --------------------------------------------------------------------------------------------------------------


@record
class NoKerasModel(Phrase):
    says: ClassVar[str] = "it holds arrays, and not those of a Keras model"


@record
class NoLayerNames(Phrase):
    says: ClassVar[str] = "it does not say which layers it holds (`layer_names`)"


@record
class LayerMissing(Phrase):
    says: ClassVar[str] = "it lacks the layer `{name}` that it tells of"

    name: str


@record
class ArrayMissing(Phrase):
    says: ClassVar[str] = "it lacks the array `{name}` that it tells of"

    name: str
