"""Files that stand where another kind of file belongs (E990)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic
from .phrases import Phrase, Phrases

_LISTS = "`dotnn weights {path}` lists them"
_LOADS = "`dotnn build net.nn --weights {path}` loads them into the model of a `.nn` file"
_FEEDS = "{first}`dotnn run net.nn --input {path}` feeds it to a model"
#: How to begin without any.
BEGIN = "`dotnn new net.nn` writes one to start from"
_WRITE = f"a network is written as `.nn` text: {BEGIN}"
_EXPORT = "have it exported as ONNX where it was made: `dotnn run net.onnx` runs that"


def _translate(framework: str) -> str:
    return (
        f"write the network as `.nn` text: docs/coming_from.md has the layers of {framework} beside those here; "
        "trained weights come along by `--weights`"
    )


class OtherFile(Phrases):
    """Kinds of files, with their article, and which command or option takes them.

    Facts: ``path``, as a shell takes it, with an ending that the command takes; ``first``, how the file gets that name.
    """

    # Models.
    MODEL_TEXT = (
        "the text of a model",
        "{first}`dotnn summary {path}` shows its layers, and `dotnn run {path}` runs it",
    )
    ONNX_MODEL = (
        "an ONNX model",
        "{first}`dotnn run {path}` runs it, `dotnn weights {path}` lists its weights, and `--weights {path}` loads "
        "them into the model of a `.nn` file",
    )
    TFLITE_MODEL = ("a model of TensorFlow Lite", _EXPORT)
    TENSORFLOW_GRAPH = ("a graph of TensorFlow", _EXPORT)
    CAFFE_NETWORK = ("a network of Caffe", _WRITE)
    DARKNET_NETWORK = ("a network of Darknet", _WRITE)
    KERAS_JSON = ("the architecture of a Keras model as JSON", _translate("Keras"))

    # Weights.
    SAFETENSORS = ("a file of weights (safetensors)", f"{{first}}{_LISTS}, and {_LOADS}")
    TORCH_WEIGHTS = ("a file of PyTorch", f"{{first}}if it has weights, {_LISTS}, and {_LOADS}")
    KERAS_WEIGHTS = ("a model of Keras", f"{{first}}its weights: {_LISTS}, and {_LOADS}")
    HDF5 = ("an HDF5 file", f"{{first}}if it has weights of Keras, {_LISTS}, and {_LOADS}")
    WEIGHT_INDEX = ("the index of weights in several files", f"{_LISTS}, and {_LOADS}")
    PICKLE = ("a pickle of Python", "nothing is ever unpickled; `dotnn explain E801` shows how to convert weights once")

    # What is fed.
    ARRAYS = (
        "an archive of numpy arrays",
        f"{{first}}`dotnn run net.nn --input {{path}}` feeds them to a model; if they are weights, {_LOADS}",
    )
    ARRAY = ("an array of numpy", _FEEDS)
    PNG = ("a PNG image", _FEEDS)
    JPEG = ("a JPEG image", _FEEDS)
    OTHER_IMAGE = (
        "an image that is neither PNG nor JPEG",
        "save it as PNG or JPEG: `dotnn run net.nn --input picture.png` feeds it to a model",
    )
    TABLE = ("a table", _FEEDS)

    # Programs and texts.
    PYTORCH_PROGRAM = ("a Python program with a network in PyTorch", _translate("PyTorch"))
    KERAS_PROGRAM = ("a Python program with a network in Keras", _translate("Keras"))
    PYTHON_PROGRAM = ("a Python program", _WRITE)
    NOTEBOOK = ("a Jupyter notebook", _WRITE)
    SHELL_SCRIPT = ("a shell script", _WRITE)
    DOCKERFILE = ("a Dockerfile", _WRITE)
    CODE = ("a text in {language}", _WRITE)
    YAML = ("a YAML file", _WRITE)
    JSON = (
        "a JSON file",
        f"{_WRITE}; if it has values for a model, {{first}}`dotnn run net.nn --input {{path}}` feeds them",
    )
    SETTINGS = ("a file of settings", _WRITE)
    MARKDOWN = ("a document in Markdown", "put the `.nn` text that stands in it into a file of its own")
    WEB_PAGE = ("a web page", "download the file itself: on GitHub that is what `Raw` shows")
    XML = ("an XML file", _WRITE)
    PATCH = ("a patch", "apply it, by `git apply` or `patch`, and check the files that it changes")
    GIT_LFS_POINTER = ("a Git LFS pointer that stands for the file", "run `git lfs pull`")

    # Anything else.
    PDF = ("a PDF document", _WRITE)
    ZIP_ARCHIVE = ("a zip archive", "unpack it, and give the file that is meant")
    COMPRESSED = ("a compressed file", "unpack it, and give the file that is meant")
    PROGRAM = ("a program", _WRITE)
    BINARY = ("a binary file", f"give the path of a `.nn` text; {BEGIN}")


class Renaming(Phrases):
    """How a file gets a name that commands take; they stand before what these do with it."""

    RENAME = "rename it to `{path}`: "
    WRITE_TO_FILE = "write it into a file, `{path}`: "


@record
class OtherKindOfFile(Diagnostic):
    """A file stands where the text of a model belongs, and is something else.

    What a file is, is told by its content, and by the ending of its name where the content leaves it open.

    * `.nn` texts: `dotnn check`, `summary`, `build` and `run` take them.
    * `.onnx` models: `dotnn run` runs them; `dotnn weights` lists their weights, and `--weights` loads these.
    * weights, `.safetensors`, `.npz`, `.pt`, `.keras`, `.h5` and others: `dotnn weights` lists them, and
      `dotnn build net.nn --weights FILE` or `dotnn run` loads them into the model of a `.nn` text.
    * images, arrays and tables, `.png`, `.jpg`, `.npy`, `.npz`, `.csv`, `.json`: `dotnn run net.nn --input FILE`.
    * networks in Python: write them as `.nn` text. `dotnn new net.nn` makes a file to start from, and
      docs/coming_from.md has the layers of PyTorch and Keras beside those here.
    """

    code: ClassVar[str] = "E990"
    message: ClassVar[str] = "`{path}` is {kind}, and no `.nn` text"
    remedy: ClassVar[str] = "{instead}"

    path: str
    kind: Phrase

    @property
    def instead(self) -> str:
        """Which command or option takes it."""
        return self.kind.advice()
