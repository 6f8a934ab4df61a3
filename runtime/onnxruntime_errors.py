"""What onnxruntime raises, and what it says by it."""

from __future__ import annotations

from .engine import extension

#: The extension module, which lies in the folder of onnxruntime's libraries.
EXTENSION = str(extension.__file__)

NOT_A_MODEL: tuple[type[Exception], ...] = (extension.InvalidProtobuf,)
#: Raised where a provider cannot be set up.
PROVIDER_ERRORS: tuple[type[Exception], ...] = (extension.EPFail, extension.RuntimeException, RuntimeError)
#: Raised while a model is loaded or run: onnxruntime's own exceptions have no common base, and its bindings raise
#: plain ones; MemoryError is the bad_alloc of C++.
ERRORS: tuple[type[Exception], ...] = (
    extension.EPFail,
    extension.EngineError,
    extension.Fail,
    extension.InvalidArgument,
    extension.InvalidGraph,
    extension.InvalidProtobuf,
    extension.ModelLoaded,
    extension.NoModel,
    extension.NoSuchFile,
    extension.NotImplemented,
    extension.RuntimeException,
    RuntimeError,
    ValueError,
    TypeError,
    MemoryError,
)


def said(error: BaseException | None) -> str:
    """What onnxruntime says, without its prefix and the places in its own source."""
    text = " ".join(str(error).split()) or type(error).__name__
    if text.startswith("[ONNXRuntimeError]"):
        text = text.split(" : ", 3)[-1]
    before, found, status = text.partition("Status Message: ")
    if not found:
        return text
    node = before.partition("while running ")[2].strip()
    return f"{node} {status.rpartition(' was false. ')[2]}".strip()
