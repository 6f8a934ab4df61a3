"""PyTorch's own files, `.pt`, `.pth` and `.bin`: a `state_dict`, read by PyTorch with ``weights_only=True``."""

from __future__ import annotations

import io
import warnings

# Only to catch what PyTorch raises.
from _pickle import UnpicklingError
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import IO, Any, Final, final

import numpy as np

from ..diagnostics import DotnnError
from ..diagnostics.damage import FileDamage, TorchDamage
from ..diagnostics.phrases import Phrase
from ..diagnostics.weight_formats import MissingLibrary, NoStateDict, SeveralStateDicts, WouldRunCode
from ..diagnostics.weights import DamagedWeightFile, WeightFileUnreadable
from ..graph.tensors import Weight
from ..python_arguments import a_type
from ..regular_files import why_not
from .formats import WeightFormat
from .numpy_dtypes import EXTENDED, numpy_dtype
from .torch_contents import AsksFor, BadContents, NoWeights, check_contents, recognize_torch
from .weight_file import WeightFile

_KIND: Final = "PyTorch file"
#: What the entry of a checkpoint with the weights is mostly called.
_USUAL_KEYS: Final = ("state_dict", "model_state_dict", "model", "module")
#: What PyTorch raises for files that are damaged, or not what they say.
_ERRORS: Final = (
    UnpicklingError,
    OSError,
    RuntimeError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    EOFError,
    OverflowError,
    MemoryError,
    ImportError,
)


@final
class TorchFile(WeightFile):
    """The tensors of a file of PyTorch; those of archives are mapped into memory.

    Args:
        stream: the open file, which may be closed afterwards.
        path: as the user wrote it.

    Raises:
        DotnnError: MissingLibrary, DamagedWeightFile, WouldRunCode, NoStateDict, or SeveralStateDicts.
    """

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self.path = str(path)
        size = stream.seek(0, 2)
        can_be_mapped = self._checked(stream)
        self._torch = _library(path)
        self._tensors = self._state_dict(self._load(path, can_be_mapped))
        for name, tensor in self._tensors.items():
            fault = self._fault(name, tensor, size)
            if fault is not None:
                raise self._damaged(fault)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tensors, in the order of the file."""
        return tuple(self._tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor."""
        return tuple(self._tensors[name].shape)

    def element_type(self, name: str) -> str:
        """The name in numpy of a tensor's element type."""
        return _element(self._tensors[name])

    def load(self, name: str) -> np.ndarray:
        """A tensor, which must not be written to.

        Raises:
            DotnnError: its elements are of a type that numpy lacks.
        """
        tensor, element = self._tensors[name].detach(), self.element_type(name)
        try:
            if element not in EXTENDED:
                return tensor.resolve_conj().resolve_neg().numpy()
            dtype = numpy_dtype(element)
            bits = self._torch.int16 if dtype.itemsize == 2 else self._torch.uint8
            return tensor.contiguous().view(bits).numpy().view(dtype)
        except (TypeError, RuntimeError) as error:
            raise self._damaged(FileDamage.ELEMENTS_NOT_READ(name=name, element=element)) from error

    def close(self) -> None:
        """Let go of the tensors; arrays that were loaded keep theirs as long as they live."""
        self._tensors = {}

    def _checked(self, stream: IO[bytes]) -> bool:
        try:
            return check_contents(stream)
        except BadContents as error:
            raise self._damaged(str(error)) from error
        except OSError as error:
            raise DotnnError(WeightFileUnreadable(path=self.path, reason=why_not(error))) from error
        except NoWeights as error:
            raise self._no_weights(str(error)) from error
        except AsksFor as error:
            raise DotnnError(WouldRunCode(path=self.path, name=str(error))) from error

    def _load(self, path: Path, can_be_mapped: bool) -> object:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self._torch.load(str(path), map_location="cpu", weights_only=True, mmap=can_be_mapped)
        except _ERRORS as error:
            # The first sentence; PyTorch goes on with advice that does not hold here.
            reason = " ".join(str(error).split()).split(". ")[0][:200]
            raise self._damaged(TorchDamage.TORCH_SAYS(reason=reason or type(error).__name__)) from error

    def _state_dict(self, content: object) -> dict[str, Any]:
        """The tensors by name: of the mapping that the file holds, or of an entry of it."""
        if not isinstance(content, Mapping):
            raise self._no_weights(TorchDamage.IS_NO_MAPPING(a_type=a_type(content)))
        inner = [key for key, value in content.items() if self._holds_tensors(value)]
        own = [key for key, value in content.items() if isinstance(value, self._torch.Tensor)]
        usual = [key for key in _USUAL_KEYS if key in inner]
        # A tensor beside it may be the number of an epoch, or a weight: then a usual name tells.
        chosen = usual if len(usual) == 1 or own else inner
        if len(chosen) == 1:
            return dict(content[chosen[0]])
        if inner:
            raise DotnnError(SeveralStateDicts(path=self.path, keys=tuple(map(str, [*inner, *own]))))
        others = [key for key in content if key not in own]
        if not own:
            raise self._no_weights(TorchDamage.HOLDS_NO_TENSOR() if content else FileDamage.IS_EMPTY())
        if others:
            key, found = str(others[0]), a_type(content[others[0]])
            raise self._no_weights(TorchDamage.ENTRY_IS_NO_TENSOR(key=key, a_type=found))
        if not all(isinstance(key, str) for key in own):
            raise self._no_weights(TorchDamage.TENSORS_WITHOUT_NAMES())
        return dict(content)

    def _holds_tensors(self, value: object) -> bool:
        if not isinstance(value, Mapping) or not value:
            return False
        return all(isinstance(key, str) and isinstance(one, self._torch.Tensor) for key, one in value.items())

    def _fault(self, name: str, tensor: Any, size: int) -> Phrase | None:
        """Why a tensor is none of plain numbers that lie in the file; None if it is one."""
        if tensor.layout is not self._torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
            return TorchDamage.TENSOR_NOT_PLAIN(name=name)
        # One number can stand for many by a stride of 0, and a storage can say to be larger than what is there.
        if max(tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes()) > size:
            return TorchDamage.TENSOR_BEYOND_FILE(name=name, shape=str(list(tensor.shape)))
        return None

    def _no_weights(self, what: Phrase | str) -> DotnnError:
        return DotnnError(NoStateDict(path=self.path, what=what))

    def _damaged(self, reason: Phrase | str) -> DotnnError:
        return DotnnError(DamagedWeightFile(path=self.path, kind=_KIND, reason=reason))


def _element(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _library(path: Path | str) -> ModuleType:
    try:
        import torch
    except ImportError:
        raise DotnnError(MissingLibrary(path=str(path), library="PyTorch", extra="torch")) from None
    return torch


# Writing ------------------------------------------------------------------------------------------------------------


def write_torch(
    write: Callable[[bytes | memoryview], None],
    weights: Iterable[Weight],
    values: Callable[[Weight], np.ndarray],
) -> None:
    """Write a ``state_dict`` by ``torch.save``, the same bytes for the same weights and the same PyTorch.

    PyTorch writes all tensors at once, so all are in memory.

    Args:
        write: takes the file's bytes piece by piece.
        weights: what to write, in this order.
        values: the values of a weight.

    Raises:
        DotnnError: MissingLibrary.
    """
    torch = _library(".pt")
    tensors = {weight.name: _tensor(torch, weight, values(weight)) for weight in weights}
    content = io.BytesIO()
    torch.save(tensors, content)
    write(content.getbuffer())


def _tensor(torch: ModuleType, weight: Weight, array: np.ndarray) -> Any:
    if weight.dtype.value in EXTENDED:
        return torch.from_numpy(array.view(np.int16).copy()).view(getattr(torch, weight.dtype.value))
    return torch.from_numpy(np.array(array))


FORMAT = WeightFormat(".pt", _KIND, TorchFile, write_torch, recognize=recognize_torch)
#: As one of several files.
BIN = WeightFormat(".bin", _KIND, TorchFile)
