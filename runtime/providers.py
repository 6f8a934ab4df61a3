"""Where a model runs: which execution provider is there, and why one that was asked for is not."""

from __future__ import annotations

import contextlib
import ctypes
import io
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from ..compiler.diagnostics import DotnnError
from ..compiler.diagnostics.phrases import Phrase
from ..compiler.diagnostics.running import Cuda, CudaNotInstalled
from ..compiler.python_arguments import need_choice
from .engine import onnxruntime
from .onnxruntime_errors import EXTENSION

Provider: TypeAlias = Literal["auto", "cpu", "cuda"]

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
#: Distributions that hold the module onnxruntime.
_PACKAGES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino")
_CUDA_LIBRARIES = {"win32": "onnxruntime_providers_cuda.dll"}


def wanted_providers(provider: str) -> list[str]:
    """The providers of onnxruntime to try for a choice, the preferred one first.

    Raises:
        DotnnError: an unknown choice, or ``cuda`` where the installed onnxruntime is built without it.
    """
    need_choice(provider, "provider", get_args(Provider))
    if provider == "cpu":
        return [CPU]
    if CUDA in onnxruntime.get_available_providers():
        return [CUDA, CPU]
    if provider == "cuda":
        raise DotnnError(CudaNotInstalled(installed=installed()))
    return [CPU]


def installed() -> Phrase:
    """What there is, for messages: versions of the packages, and the providers that they are built with."""
    packages = " and ".join(f"{name} {found}" for name in _PACKAGES if (found := _version(name)))
    providers = (name.removesuffix("ExecutionProvider") for name in onnxruntime.get_available_providers())
    return Cuda.INSTALLED(packages=packages or f"onnxruntime {onnxruntime.__version__}", providers=", ".join(providers))


def preload_cuda() -> None:
    """Load the CUDA and cuDNN libraries of pip packages, which the system does not find by itself.

    What is missing shows when the provider starts; onnxruntime's own report of it goes to standard output, where
    results are printed, so it is held back.
    """
    preload = getattr(onnxruntime, "preload_dlls", None)
    if preload is None:
        return
    with contextlib.redirect_stdout(io.StringIO()):
        preload()


def cuda_failure() -> Phrase | str:
    """Why the CUDA provider did not start, as far as it can be found out."""
    folder = Path(EXTENSION).parent
    library = folder / _CUDA_LIBRARIES.get(sys.platform, "libonnxruntime_providers_cuda.so")
    if not library.exists():
        return Cuda.LIBRARY_MISSING(library=library.name)
    try:
        ctypes.CDLL(str(library))
    except OSError as error:
        return str(error)
    return Cuda.NO_GPU_ANSWERS()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
