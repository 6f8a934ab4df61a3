"""What can be wrong with files of weights of particular formats (E807-E810, E850-E859)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic
from .phrases import Phrase
from .weights import MOST_SHOWN


@record
class MissingLibrary(Diagnostic):
    """A weight file is in a format that is read by a library which is not installed.

    dotnn itself reads `.safetensors`, `.npz` and `.onnx`. Files of Keras (`.weights.h5`, `.keras`, `.h5`) are HDF5,
    which is read by h5py: `pip install "dotnn[keras]"`; neither Keras nor TensorFlow is needed. PyTorch's own files
    (`.pt`, `.pth`, `.bin`) are read by PyTorch: `pip install "dotnn[torch]"`.

    Where the library cannot be installed, convert the file to `.safetensors` where it was written.
    """

    code: ClassVar[str] = "E807"
    message: ClassVar[str] = "`{path}` needs {library}, which is not installed"
    remedy: ClassVar[str] = '`pip install "dotnn[{extra}]"`'

    path: str
    library: str
    extra: str


@record
class OneShardOfSeveral(Diagnostic):
    """A file holds a part of the weights only: large networks are saved in several files, with an index beside them.

    The names say so: `model-00001-of-00003.safetensors` is the first of three. The index,
    `model.safetensors.index.json`, says which tensor is in which file; give that, and all of them are read.
    """

    code: ClassVar[str] = "E808"
    message: ClassVar[str] = "`{path}` holds a part of the weights: it is file {number} of {total}"
    remedy: ClassVar[str] = "{hint}"

    path: str
    number: int
    total: int
    index: str
    is_there: bool

    @property
    def hint(self) -> str:
        """Whether the index is there."""
        if self.is_there:
            return f"give the index of all files instead: `{self.index}`"
        return f"give the index of all files instead, `{self.index}`, which must lie beside them and is not there"


@record
class ShardsDoNotFit(Diagnostic):
    """The index of a file of weights in several parts does not fit the parts.

    The index says in which file each tensor is. All files must lie beside the index, and hold those tensors and no
    others. A part that is missing was mostly not downloaded; one that holds other tensors is of another model, or of
    another version of this one.
    """

    code: ClassVar[str] = "E809"
    message: ClassVar[str] = "`{path}` does not fit the files that it names"
    remedy: ClassVar[str] = "download or copy the index and all files that it names again, into one folder"

    path: str
    faults: tuple[Phrase, ...]

    def notes(self) -> tuple[str, ...]:
        """The first faults, and how many more there are."""
        rest = len(self.faults) - MOST_SHOWN
        shown = tuple(map(str, self.faults[:MOST_SHOWN]))
        return (*shown, f"and {rest:,} more") if rest > 0 else shown


@record
class OutsideOfTheFolder(Diagnostic):
    """A file of weights refers to another file that does not lie in its folder.

    An index of several `.safetensors` files and an ONNX model with external data name the files that hold the numbers.
    Such files lie beside the one that names them, or in a folder there. Any other name may come from somebody who wants
    a file of yours to be read into a model, so it is not opened.
    """

    code: ClassVar[str] = "E810"
    message: ClassVar[str] = "`{path}` refers to `{name}`, which is not in its folder"
    remedy: ClassVar[str] = "put all files into one folder; a file that came from elsewhere should not be trusted"

    path: str
    name: str


@record
class SeveralStateDicts(Diagnostic):
    """A checkpoint of PyTorch holds several mappings of tensors, and it cannot be told which are the weights.

    A file may hold the `state_dict` itself, or have it in an entry of a mapping, mostly `state_dict`, `model`,
    `model_state_dict` or `module`, beside the state of an optimizer, an epoch and more. Where exactly one entry holds
    tensors, or exactly one with such a name, it is taken. Otherwise save the one that is meant:

        import torch
        checkpoint = torch.load("net.pt", weights_only=True)
        torch.save(checkpoint["ema"], "ema.pt")
    """

    code: ClassVar[str] = "E850"
    message: ClassVar[str] = "`{path}` holds tensors in several entries: {shown}"
    remedy: ClassVar[str] = (
        'save the one that is meant: `torch.save(torch.load("net.pt", weights_only=True)["{first}"], file)`'
    )

    path: str
    keys: tuple[str, ...]

    @property
    def first(self) -> str:
        """One of them."""
        return self.keys[0]

    @property
    def shown(self) -> str:
        """Their names."""
        rest = len(self.keys) - MOST_SHOWN
        names = ", ".join(f"`{key}`" for key in self.keys[:MOST_SHOWN])
        return f"{names} and {rest:,} more" if rest > 0 else names


@record
class NoStateDict(Diagnostic):
    """A file of PyTorch holds no mapping from names to tensors.

    Weights are read from the `state_dict` of a network: `torch.save(model.state_dict(), "net.pt")`. An archive of
    TorchScript (`torch.jit.save`), an exported program (`torch.export.save`), a single tensor or a list are something
    else, and so is a mapping some entries of which are no tensors.
    """

    code: ClassVar[str] = "E851"
    message: ClassVar[str] = "`{path}` holds no weights under their names: {what}"
    remedy: ClassVar[str] = "save the weights alone: `torch.save(model.state_dict(), file)`"

    path: str
    what: Phrase | str


@record
class WouldRunCode(Diagnostic):
    """A file of PyTorch asks for more than tensors, which could run any code while it is read.

    `torch.save` writes a pickle: a list of what to call. Weights need only functions of PyTorch that make tensors.
    Whatever else a file asks for is refused before anything is loaded, and PyTorch itself reads it with
    `weights_only=True`. Mostly the file holds a whole network, saved by `torch.save(model, file)`: its class would have
    to be imported. Load it where it was written, and save its weights alone:

        torch.save(model.state_dict(), "net.pt")
    """

    code: ClassVar[str] = "E852"
    message: ClassVar[str] = "`{path}` asks for `{called}`, {what}; nothing of it was loaded"
    remedy: ClassVar[str] = "save the weights alone, where the file comes from: `torch.save(model.state_dict(), file)`"

    path: str
    name: str

    @property
    def called(self) -> str:
        """Its name, if it has one."""
        return self.name or "something without a name"

    @property
    def what(self) -> str:
        """What that is."""
        if self.name.startswith("torch.nn."):
            return "so it holds a whole network and not its weights"
        return "which is no tensor, and could run any code"


@record
class UnsafeHdf5(Diagnostic):
    """A file of Keras uses a feature of HDF5 that weights do not need, and that reads other files or runs other code.

    HDF5 files can point to other files (external links, external storage, virtual datasets), to other places of
    themselves (soft links), and can need filters that are loaded as plugins. Keras writes none of them. Numbers that
    are compressed by gzip are read.
    """

    code: ClassVar[str] = "E853"
    message: ClassVar[str] = "`{place}` in `{path}` {clause}"
    remedy: ClassVar[str] = "write the file with Keras: `model.save_weights(file)`, or copy the numbers into a new file"

    path: str
    place: str


@record
class Hdf5Link(UnsafeHdf5):
    """A name leads to another place of the file, or out of it."""

    clause: ClassVar[str] = "is a link to another place or file"


@record
class Hdf5SecondName(UnsafeHdf5):
    """Two names stand for one group or array."""

    clause: ClassVar[str] = "stands for something that is elsewhere in the file as well"


@record
class Hdf5VirtualDataset(UnsafeHdf5):
    """An array is made of those of other files."""

    clause: ClassVar[str] = "is put together from arrays of other files (a virtual dataset)"


@record
class Hdf5ExternalStorage(UnsafeHdf5):
    """The numbers of an array lie in another file."""

    clause: ClassVar[str] = "has its numbers in another file (external storage)"


@record
class Hdf5Filter(UnsafeHdf5):
    """An array is packed by a filter that is a plugin."""

    clause: ClassVar[str] = "needs the filter {filter} of HDF5, and only gzip is run"

    filter: int
