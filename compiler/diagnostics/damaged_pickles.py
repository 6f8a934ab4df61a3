"""What is wrong with files of PyTorch, and what they hold in place of weights."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .phrases import Phrase

# Damaged files ------------------------------------------------------------------------------------------------------


@record
class NoTorchFile(Phrase):
    says: ClassVar[str] = "it does not begin as a file of PyTorch"


@record
class PickleOfAnother(Phrase):
    says: ClassVar[str] = "it is a pickle that PyTorch did not write"


@record
class NoPickleInArchive(Phrase):
    says: ClassVar[str] = "it is a zip archive without the pickle of `torch.save`"


@record
class PartsOverlap(Phrase):
    says: ClassVar[str] = "parts of it overlap"


@record
class PickleTooLong(Phrase):
    says: ClassVar[str] = "its pickle has {length:,} bytes, and at most {most:,} are read"

    length: int
    most: int


@record
class PickleDamaged(Phrase):
    says: ClassVar[str] = "its pickle is damaged: {reason}"

    reason: str


@record
class TooManySteps(Phrase):
    says: ClassVar[str] = "its pickle has more than {most:,} steps"

    most: int


@record
class TorchSays(Phrase):
    says: ClassVar[str] = "PyTorch says: {reason}"

    reason: str


@record
class TensorNotPlain(Phrase):
    says: ClassVar[str] = "`{name}` is sparse, quantized or without numbers, which is not read"

    name: str


@record
class TensorBeyondFile(Phrase):
    says: ClassVar[str] = "`{name}` {axes} takes more bytes than the file has"

    name: str
    shape: tuple[int, ...]

    @property
    def axes(self) -> list[int]:
        """The shape, as it is shown."""
        return list(self.shape)


# No weights ---------------------------------------------------------------------------------------------------------


@record
class IsTorchScript(Phrase):
    says: ClassVar[str] = "it is an archive of TorchScript (`torch.jit.save`)"


@record
class PickleProtocol(Phrase):
    says: ClassVar[str] = "it is a pickle of a protocol beyond 2, which PyTorch reads without `weights_only` alone"


@record
class HasOtherTensors(Phrase):
    says: ClassVar[str] = "it has tensors that are sparse, quantized or without numbers, which are not read"


@record
class IsNoMapping(Phrase):
    says: ClassVar[str] = "it is {a_type}"

    a_type: str


@record
class HoldsNoTensor(Phrase):
    says: ClassVar[str] = "no entry of it is a tensor"


@record
class EntryIsNoTensor(Phrase):
    says: ClassVar[str] = "its entry {key!r} is {a_type}, and no tensor"

    key: str
    a_type: str


@record
class TensorsWithoutNames(Phrase):
    says: ClassVar[str] = "its tensors have no names"
