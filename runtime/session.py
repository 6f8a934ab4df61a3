"""A model ready to run on onnxruntime: its inputs are checked first, and its failures are diagnostics."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from numpy.typing import NDArray

from ..compiler.diagnostics import Diagnostic, DotnnError
from ..compiler.diagnostics.fed_arrays import InputNameNeeded
from ..compiler.diagnostics.other_files import OtherFile
from ..compiler.diagnostics.phrases import Phrase
from ..compiler.diagnostics.running import (
    AlreadyBuilt,
    BadModelMetadata,
    CudaDoesNotLoad,
    DemandsAreEndless,
    ElementTypeNotSupported,
    EntryIsNoDemand,
    EntryIsNoObject,
    EntryIsNoRange,
    EntryTellsNoDimension,
    FormatIsNoVersion,
    LabelsAreNoNames,
    MetadataIsNoJson,
    MetadataIsNoList,
    MetadataTooLong,
    ModelFileTooLarge,
    ModelHasEndlessDims,
    ModelIsDamaged,
    ModelIsEmpty,
    ModelIsNotUtf8,
    ModelIsOtherFile,
    ModelIsText,
    ModelRefused,
    NewerFormat,
    NotAModel,
    RunFailed,
    RunsOnCpu,
    WeightsAreInitial,
    WeightsFileMissing,
)
from ..compiler.diagnostics.terminal_cells import clip
from ..compiler.dims.linear import LinearForm, SymbolSource
from ..compiler.file_kinds import kind_of_file
from ..compiler.python_arguments import need, need_integer
from ..compiler.weights.weight_values import WeightState
from .array_files import opened
from .engine import onnxruntime
from .fed_sizes import read_expression
from .feed_checks import check_feeds, listed_inputs
from .feed_conversion import EXCHANGED
from .onnxruntime_errors import ERRORS, NOT_A_MODEL, PROVIDER_ERRORS, said
from .providers import CUDA, Provider, cuda_failure, installed, preload_cuda, wanted_providers
from .temporary_folder import TemporaryFolder, sweep_folders
from .tensor_info import FedDemand, Feeds, TensorInfo

if TYPE_CHECKING:
    from ..compiler.graph.types import FloatType
    from ..compiler.passes.targets import Target
    from ..compiler.weights.given_weights import Weights
    from ..compiler.weights.matching import Matching

#: Compiled models with more bytes of weights go through a temporary file: a message in memory holds less than 2 GiB,
#: and onnxruntime keeps the bytes that it is given beside the weights that it makes of them.
LARGEST_IN_MEMORY = 2**27
#: What onnxruntime says of a data file that is not there; the second one up to version 1.21.
_NO_DATA = ("external", "cannot get file size")
#: More threads than any machine has use for.
MOST_THREADS = 4096
#: The versions of the metadata that are read: 2 adds ``dotnn.symbols`` to 1.
READABLE = (1, 2)
#: A message of protobuf, which an ONNX file is, has fewer bytes.
LARGEST_FILE = 2**31
#: Most characters of metadata that are read; 10,000,000 bytes of labels fit.
LONGEST_METADATA = 2**24
#: Most characters of all dimensions of the inputs, and of all that the layers demand: more than 20,000 layers need.
MOST_CHARACTERS = 500_000
#: onnxruntime's levels of logging: only what ends the process. Everything else comes back as a diagnostic.
_FATAL_ONLY = 4

_DTYPES = {
    "float": "float32",
    "double": "float64",
    "float16": "float16",
    "bfloat16": "bfloat16",
    "bool": "bool",
    "string": "string",
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "complex64": "complex64",
    "complex128": "complex128",
}


@runtime_checkable
class OnnxModel(Protocol):
    """A compiled model: what the compiler's driver gives.

    A model may also have ``weights_bytes``, the bytes of its weights; one with more than `LARGEST_IN_MEMORY` is saved
    to a temporary folder and loaded from there.
    """

    def to_bytes(self) -> bytes:
        """The whole model as ONNX."""
        ...

    def save(self, path: Path, /) -> object:
        """Write the model, and its weights where they are large, to files."""
        ...


@dataclass(frozen=True, slots=True)
class _Saved:
    """A model that goes through a temporary folder whatever its size."""

    save: Callable[[Path], object]


ModelLike: TypeAlias = str | os.PathLike[str] | bytes | OnnxModel


class Session:
    """A model on onnxruntime.

    Attributes:
        name: what messages call the model: its path, or the name of its graph.
        inputs: what it reads, in order.
        outputs: what it gives, in order.
        provider: onnxruntime's execution provider in use, ``cpu`` or ``cuda``.
        notes: what a user should know: a fallback to the CPU, weights that were never loaded or trained.
        labels: names of the classes, or None.
        demands: what the layers need of the symbolic dimensions.
        ranges: by name of inputs of integers, the least and the greatest one, which may be the text of a dimension.
        sources: which axes tell the symbolic dimensions.
        metadata: all metadata of the model.

    Args:
        model: the path of an ``.onnx`` file, its bytes, or a compiled model.
        provider: ``cpu``; ``cuda``, which must work; or ``auto``, which takes CUDA if it works.
        optimize: whether onnxruntime may optimize the graph further.
        threads: how many to use inside an operator; None leaves it to onnxruntime.
        weights: of a compiled model: the path of a weight file, arrays by name, or a model of Keras.
        matching: of a compiled model: how the names of the weights become its own, and what may be missing.
        target: what a compiled model is built for; None leaves it to the model.
        seed: of a compiled model's initializers; None leaves it to the model.
        dtype: the element type to build a compiled model in instead of float32: `float16`, `bfloat16` or `float64`.
        keep_io: with ``dtype``: whether inputs and outputs stay as written; None leaves it to the model.

    Raises:
        TypeError: an argument of a wrong type.
        DotnnError: the model cannot be read or prepared, the weights do not fit it, or the provider does not start.
    """

    def __init__(
        self,
        model: ModelLike | _Saved,
        *,
        provider: Provider = "auto",
        optimize: bool = True,
        threads: int | None = None,
        weights: Weights | None = None,
        matching: Matching | None = None,
        target: Target | None = None,
        seed: int | None = None,
        dtype: FloatType | None = None,
        keep_io: bool | None = None,
    ) -> None:
        options = _options(optimize, threads)
        wanted = wanted_providers(provider)
        self.name = "the model"
        self._folder: TemporaryFolder | None = None
        build = {
            "weights": weights,
            "matching": matching,
            "target": target,
            "seed": seed,
            "dtype": dtype,
            "keep_io": keep_io,
        }
        try:
            source = self._source(model, {name: value for name, value in build.items() if value is not None})
            self._session, reason = self._start(source, options, wanted, provider)
        finally:
            if self._folder is not None:
                self._folder.remove()
        with self._legible():
            details = self._session.get_modelmeta()
            if isinstance(model, (bytes, OnnxModel, _Saved)):
                self.name = details.graph_name or self.name
            self.metadata: Mapping[str, str] = dict(details.custom_metadata_map)
            self._format = self._read_format()
            self._own = self._format in READABLE
            self.inputs = tuple(self._info(argument) for argument in self._session.get_inputs())
            self.outputs = tuple(self._info(argument) for argument in self._session.get_outputs())
        if _characters(self.inputs) > MOST_CHARACTERS:
            raise DotnnError(ModelHasEndlessDims(name=self.name))
        self.provider = "cuda" if CUDA in self._session.get_providers() else "cpu"
        self.labels = self._labels()
        self.demands = self._demands()
        self.ranges = self._ranges()
        self.sources = self._sources()
        self.notes = self._notes(provider, reason)

    @classmethod
    def from_save(
        cls,
        save: Callable[[Path], object],
        *,
        provider: Provider = "auto",
        optimize: bool = True,
        threads: int | None = None,
    ) -> Session:
        """A session on what a function saves to a path, which is in a temporary folder: any size of model will do.

        ``Session.from_save(lambda path: compiled.save(path, weights=weights))``; other arguments are those of
        `Session`.
        """
        return cls(_Saved(save), provider=provider, optimize=optimize, threads=threads)

    def prepare(self, feeds: Mapping[str, object] | NDArray[Any]) -> Feeds:
        """Check values against the inputs, and bring them to their element types where nothing is lost by it.

        Args:
            feeds: arrays by input name, or one array for a model with one input.

        Raises:
            DotnnError: everything that is wrong with them.
        """
        values = feeds if isinstance(feeds, Mapping) else self._single(feeds)
        return check_feeds(self.inputs, values, self.demands, sources=self.sources, allow_empty=not self._own)

    def run(self, feeds: Mapping[str, object] | NDArray[Any]) -> dict[str, NDArray[Any]]:
        """The outputs by name, for arrays by input name, or for one array for a model with one input.

        Raises:
            DotnnError: the values do not fit the inputs, or onnxruntime fails.
        """
        return self.run_prepared(self.prepare(feeds))

    def run_prepared(self, feeds: Feeds) -> dict[str, NDArray[Any]]:
        """The outputs for values that `prepare` has checked; raises DotnnError if onnxruntime fails."""
        self._check_outputs()
        try:
            results = self._session.run(None, dict(feeds.arrays))
        except ERRORS as error:
            fault = RunFailed(name=self.name, version=onnxruntime.__version__, reason=said(error))
            raise DotnnError(fault) from error
        # Sequences and maps, which models of other makers may give, come as lists and dicts.
        named: dict[str, Any] = dict(zip((output.name for output in self.outputs), results, strict=True))
        return named

    def __repr__(self) -> str:
        return f"Session({self.name!r}, provider={self.provider!r})"

    # Loading --------------------------------------------------------------------------------------------------------

    def _source(self, model: ModelLike | _Saved, build: Mapping[str, Any]) -> str | bytes:
        if isinstance(model, OnnxModel):
            return self._compiled(model, build)
        if not isinstance(model, bytes | _Saved):
            what = "model must be the path of an .onnx file, its bytes, or what `dotnn.compile_file` gives"
            self.name = need(os.fspath(model) if isinstance(model, os.PathLike) else model, str, what)
        if build:
            name = f"`{self.name}`" if self.name != "the model" else self.name
            raise DotnnError(AlreadyBuilt(name=name, options=tuple(build)))
        if isinstance(model, bytes):
            return model
        if isinstance(model, _Saved):
            return self._saved(model.save)
        path = Path(self.name)
        with opened(path) as stream:
            size = os.fstat(stream.fileno()).st_size
        fault = _no_model(path.suffix, size)
        if fault is not None:
            raise DotnnError(fault(name=self.name))
        return str(path)

    def _compiled(self, model: OnnxModel, build: Mapping[str, Any]) -> str | bytes:
        if getattr(model, "weights_bytes", 0) <= LARGEST_IN_MEMORY:
            sweep_folders()
            return model.to_bytes(**build)
        return self._saved(partial(model.save, **build))

    def _saved(self, save: Callable[[Path], object]) -> str:
        self._folder = TemporaryFolder()
        path = self._folder.path / "model.onnx"
        save(path)
        return str(path)

    def _start(
        self, source: str | bytes, options: onnxruntime.SessionOptions, wanted: list[str], provider: str
    ) -> tuple[onnxruntime.InferenceSession, Phrase | str]:
        """The session, and why it is not on the GPU if CUDA was tried in vain."""
        if CUDA not in wanted:
            return self._create(source, options, wanted), ""
        preload_cuda()
        reason: Phrase | str = ""
        session = None
        try:
            session = self._create(source, options, wanted)
        except DotnnError as error:
            if not isinstance(error.__cause__, PROVIDER_ERRORS):
                raise
            reason = said(error.__cause__)
        if session is not None and CUDA in session.get_providers():
            return session, ""
        reason = reason or cuda_failure()
        if provider == "cuda":
            raise DotnnError(CudaDoesNotLoad(reason=reason, installed=installed()))
        return session or self._create(source, options, wanted[1:]), reason

    def _create(
        self, source: str | bytes, options: onnxruntime.SessionOptions, providers: list[str]
    ) -> onnxruntime.InferenceSession:
        try:
            # onnxruntime's own fallback prints to standard output.
            return onnxruntime.InferenceSession(source, options, providers=providers, enable_fallback=0)
        except ERRORS as error:
            refusal = self._refusal(error)
            target = os.path.realpath(source) if isinstance(source, str) else source
            if not isinstance(refusal, WeightsFileMissing) or target == source:
                raise DotnnError(refusal) from error
        # The data of what dotnn writes through a link stands beside the file, not beside the link.
        return self._create(target, options, providers)

    def _refusal(self, error: BaseException) -> Diagnostic:
        reason = said(error)
        if any(words in reason.lower() for words in _NO_DATA) and not isinstance(error, NOT_A_MODEL):
            return WeightsFileMissing(name=self.name, reason=reason)
        if isinstance(error, UnicodeDecodeError):
            return ModelIsNotUtf8(name=self.name)
        if isinstance(error, NOT_A_MODEL) or "No graph was found" in reason:
            kind = kind_of_file(Path(self.name))
            if kind is None or kind.kind is OtherFile.ONNX_MODEL:
                return ModelIsDamaged(name=self.name)
            return ModelIsOtherFile(name=self.name, kind=kind)
        return ModelRefused(name=self.name, version=onnxruntime.__version__, reason=reason)

    # What the model says of itself ----------------------------------------------------------------------------------

    def _info(self, argument: Any) -> TensorInfo:
        kind: str = argument.type
        element = kind.removeprefix("tensor(").removesuffix(")")
        # onnxruntime reports a shape that is not declared like that of a scalar; dotnn declares every shape.
        shape = tuple(argument.shape) if argument.shape or self._own else None
        return TensorInfo(argument.name, _DTYPES.get(element, kind), shape)

    @contextmanager
    def _legible(self) -> Iterator[None]:
        """Where the model's own words are read: ONNX's are UTF-8, and onnxruntime does not look."""
        try:
            yield
        except UnicodeDecodeError as error:
            raise DotnnError(ModelIsNotUtf8(name=self.name)) from error

    def _labels(self) -> tuple[str, ...] | None:
        labels = self._json("dotnn.labels")
        if labels is None:
            return None
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            raise DotnnError(self._bad_metadata(LabelsAreNoNames, "dotnn.labels"))
        return tuple(labels)

    def _demands(self) -> tuple[FedDemand, ...]:
        entries = self._json("dotnn.demands")
        if entries is None:
            return ()
        if not isinstance(entries, list):
            raise DotnnError(self._bad_metadata(MetadataIsNoList, "dotnn.demands"))
        dims = [entry.get("dim") for entry in entries if isinstance(entry, dict)]
        if sum(len(dim) for dim in dims if isinstance(dim, str)) > MOST_CHARACTERS:
            raise DotnnError(self._bad_metadata(DemandsAreEndless, "dotnn.demands"))
        return tuple(self._demand(entry) for entry in entries)

    def _demand(self, entry: Any) -> FedDemand:
        if not isinstance(entry, dict):
            raise DotnnError(self._bad_metadata(EntryIsNoObject, "dotnn.demands"))
        dim, minimum, reason = entry.get("dim"), entry.get("minimum"), entry.get("reason", "")
        if isinstance(dim, str) and isinstance(minimum, int) and isinstance(reason, str) and read_expression(dim):
            return FedDemand(dim, minimum, reason)
        raise DotnnError(self._bad_metadata(EntryIsNoDemand, "dotnn.demands", entry=clip(str(entry), 80)))

    def _ranges(self) -> Mapping[str, tuple[int, int | str]]:
        entries = self._json("dotnn.ranges")
        if entries is None:
            return {}
        if not isinstance(entries, list):
            raise DotnnError(self._bad_metadata(MetadataIsNoList, "dotnn.ranges"))
        return dict(map(self._range, entries))

    def _range(self, entry: Any) -> tuple[str, tuple[int, int | str]]:
        if isinstance(entry, dict):
            name, low, high = entry.get("input"), entry.get("low"), entry.get("high")
            if isinstance(name, str) and type(low) is int and isinstance(high, str) and read_expression(high):
                return name, (low, high)
        raise DotnnError(self._bad_metadata(EntryIsNoRange, "dotnn.ranges", entry=clip(str(entry), 80)))

    def _sources(self) -> tuple[SymbolSource, ...]:
        entries = self._json("dotnn.symbols")
        if entries is None:
            return ()
        if not isinstance(entries, list):
            raise DotnnError(self._bad_metadata(MetadataIsNoList, "dotnn.symbols"))
        return tuple(self._symbol_source(entry) for entry in entries)

    def _symbol_source(self, entry: Any) -> SymbolSource:
        match entry:
            case {"symbol": str(name), "input": str(tensor), "axis": axis, "factor": factor, "offset": offset}:
                numbers = (axis, factor, offset)
                if all(type(one) is int and one.bit_length() < 64 for one in numbers) and axis >= 0 and factor >= 1:
                    return SymbolSource(tensor, axis, LinearForm(name, factor, offset))
        raise DotnnError(self._bad_metadata(EntryTellsNoDimension, "dotnn.symbols", entry=clip(str(entry), 80)))

    def _read_format(self) -> int | None:
        """The version of the metadata; None for a model of another maker."""
        text = self.metadata.get("dotnn.format")
        if text is None:
            return None
        if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
            raise DotnnError(self._bad_metadata(FormatIsNoVersion, "dotnn.format", entry=clip(text, 80)))
        return int(text)

    def _json(self, key: str) -> Any:
        text = self.metadata.get(key) if self._format in (None, *READABLE) else None
        if text is None:
            return None
        if len(text) > LONGEST_METADATA:
            raise DotnnError(self._bad_metadata(MetadataTooLong, key, most=LONGEST_METADATA))
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DotnnError(self._bad_metadata(MetadataIsNoJson, key)) from error

    def _bad_metadata(self, kind: type[BadModelMetadata], key: str, **facts: Any) -> Diagnostic:
        return kind(name=self.name, key=key, **facts)

    def _notes(self, provider: str, reason: Phrase | str) -> tuple[Diagnostic, ...]:
        notes: list[Diagnostic] = []
        if provider == "auto" and reason:
            notes.append(RunsOnCpu(reason=reason))
        if self._format is not None and not self._own:
            notes.append(NewerFormat(name=self.name, found=str(self._format), known=READABLE[-1]))
        if self._own and self.metadata.get("dotnn.weights") == WeightState.INITIAL:
            notes.append(WeightsAreInitial())
        return tuple(notes)

    # Running --------------------------------------------------------------------------------------------------------

    def _single(self, value: object) -> Mapping[str, object]:
        if len(self.inputs) != 1:
            raise DotnnError(InputNameNeeded(inputs=listed_inputs(self.inputs)))
        return {self.inputs[0].name: value}

    def _check_outputs(self) -> None:
        faults = [
            ElementTypeNotSupported(name=output.name, found=output.dtype)
            for output in self.outputs
            if output.dtype not in EXCHANGED and "(" not in output.dtype
        ]
        if faults:
            raise DotnnError(*faults)


def _characters(tensors: Sequence[TensorInfo]) -> int:
    """How much text there is in declared shapes."""
    return sum(len(size) for tensor in tensors for size in tensor.shape or () if isinstance(size, str))


def _no_model(suffix: str, size: int) -> type[NotAModel] | None:
    """Why a file cannot be a model, by its name and size; None if it can."""
    if suffix == ".nn":
        return ModelIsText
    if size == 0:
        return ModelIsEmpty
    return ModelFileTooLarge if size >= LARGEST_FILE else None


def _options(optimize: bool, threads: int | None) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL_ONLY
    if not optimize:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if threads is not None:
        options.intra_op_num_threads = need_integer(threads, "threads", 1, MOST_THREADS)
    return options
