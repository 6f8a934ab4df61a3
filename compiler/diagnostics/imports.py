"""Files that import others, and models that are asked for (E6xx)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic
from .fixes import Edit, Fix, Safety, replacing
from .names import _WithNearNames
from .phrases import Phrase, filled
from .suggest import did_you_mean, listed, one_of


@record
class ImportNotFound(Diagnostic):
    """An imported file does not exist, or cannot be read.

    Paths are relative to the importing file.
    """

    code: ClassVar[str] = "E601"
    message: ClassVar[str] = "cannot import from `{path}`: {reason}"
    label: ClassVar[str] = "{reason}"
    remedy: ClassVar[str] = "paths are relative to the importing file; this one leads to `{resolved}`"

    path: str
    resolved: str
    cause: str  #: in the words of the system; empty where there can be no such path
    home: str = ""  #: the file of the library that may be meant

    @property
    def reason(self) -> str:
        """Why it cannot be read."""
        return self.cause[:1].lower() + self.cause[1:] or "this is no path"

    def advice(self) -> str:
        """The library, if that may be meant, or where the path leads."""
        if self.home:
            return f'write `"{self.home}"` if a block of the library is meant; {super().advice()}'
        return super().advice()

    def fix(self) -> Fix | None:
        """The file of the library that may be meant."""
        return replacing(self.span, f'"{self.home}"', Safety.UNSAFE) if self.home else None


@record
class ImportOfOtherKind(ImportNotFound):
    """An imported file that is no `.nn` text."""

    message: ClassVar[str] = "cannot import from `{path}`: it is {kind}"
    label: ClassVar[str] = "no `.nn` text"

    kind: Phrase

    def advice(self) -> str:
        """What is imported, and which command takes the file."""
        return f"blocks and consts are imported from `.nn` files; {self.kind.advice()}"


@record
class ImportCycle(Diagnostic):
    """Files import each other in a circle."""

    code: ClassVar[str] = "E602"
    message: ClassVar[str] = "this import closes a circle: {circle}"
    label: ClassVar[str] = "closes the circle"
    remedy: ClassVar[str] = "move what both files need into a third one"

    circle: str


@record
class ImportEscapes(Diagnostic):
    """An import leads out of the project.

    The root of a project is the nearest folder above the compiled file that has a `pyproject.toml` or a `.git`, else
    the file's own folder; `--root` names another. A model taken from elsewhere can thus read no file outside of its
    project.
    """

    code: ClassVar[str] = "E603"
    message: ClassVar[str] = "`{path}` leads out of the project"
    label: ClassVar[str] = "outside of the project root"
    remedy: ClassVar[str] = "import from below `{root}`, or name another root with `--root`"

    path: str
    root: str


@record
class ImportedNameMissing(_WithNearNames):
    """The imported file does not define the name."""

    code: ClassVar[str] = "E604"
    message: ClassVar[str] = "`{path}` defines no block or const `{name}`"
    label: ClassVar[str] = "not there"
    remedy: ClassVar[str] = "{instead}"

    path: str
    name: str
    known: tuple[str, ...]  #: what the file defines
    is_model: bool = False  #: it defines a model of this name
    line: str = ""  #: the import from the file of the library that has it
    edit: Edit | None = None  #: what mends the path, if it is certain

    @property
    def instead(self) -> str:
        """What to write, or what there is."""
        if self.is_model:
            return "models cannot be imported"
        return f"write `{self.line}`" if self.line else f"it defines {listed(self.known) or 'none'}"

    def fix(self) -> Fix | None:
        """The right path, where the import has no other name; else the one name that is near."""
        return Fix((self.edit,), Safety.SAFE) if self.edit is not None else self._renamed(self.name)


@record
class NoModel(_WithNearNames):
    """There is no such model in the file, or none at all."""

    code: ClassVar[str] = "E605"
    label: ClassVar[str] = "no model"

    file: str


@record
class FileWithoutModel(NoModel):
    """A file that has no model."""

    message: ClassVar[str] = "`{file}` has no model"
    remedy: ClassVar[str] = "write one: `model name {{ input … output … }}`; a file of blocks is for `import`"


@record
class SeveralModels(NoModel):
    """A file that has several, of which none is asked for."""

    message: ClassVar[str] = "`{file}` has several models: {known}"
    remedy: ClassVar[str] = "choose one with `--model`"

    known: str


@record
class NoSuchModel(NoModel):
    """A model that the file does not have."""

    message: ClassVar[str] = "`{file}` has no model `{name}`"
    remedy: ClassVar[str] = "it has {known}"

    name: str
    known: str


@record
class ModelArgument(_WithNearNames):
    """A model argument is missing, unknown, or has a value of the wrong kind."""

    code: ClassVar[str] = "E606"
    label: ClassVar[str] = "argument of the model"

    name: str


@record
class NoSuchArgument(ModelArgument):
    """An argument that the model does not have."""

    message: ClassVar[str] = "the model `{model}` has no argument `{name}`"
    remedy: ClassVar[str] = "it takes {takes}"

    model: str
    known: tuple[str, ...]

    @property
    def takes(self) -> str:
        """What it has."""
        return listed(self.known) or "none"


@record
class NoModelWithArgument(ModelArgument):
    """An argument that none of several models has."""

    message: ClassVar[str] = "none of the models has an argument `{name}`"
    remedy: ClassVar[str] = "they take {takes}"

    known: tuple[str, ...]

    @property
    def takes(self) -> str:
        """What they have."""
        return listed(self.known) or "none"


@record
class TensorAsArgument(ModelArgument):
    """An argument of a model that is declared as a tensor, or not at all."""

    message: ClassVar[str] = "the model argument `{name}` must be a compile-time value"
    remedy: ClassVar[str] = "declare its type, as in `{name}: int = 10`; tensors come in by `input`"


@record
class ArgumentWithoutValue(ModelArgument):
    """An argument without a default that is not given."""

    message: ClassVar[str] = "the model argument `{name}` has no value"
    remedy: ClassVar[str] = "give it a default, or `--set {name}=…`"


@record
class ArgumentNotOfType(ModelArgument):
    """A value of another type than the argument is declared."""

    message: ClassVar[str] = "the model argument `{name}` is declared {declared}, and is given {found}"
    remedy: ClassVar[str] = "give a value of type {declared}"

    declared: str
    found: str


@record
class NotOfLanguage(ModelArgument):
    """An object of Python that is no value of the language."""

    message: ClassVar[str] = "the model argument `{name}` is given {found}, which is no value of the language"
    remedy: ClassVar[str] = "give an int, a float, a bool, a string, or a list of these"

    found: str


@record
class NotFinite(NotOfLanguage):
    """A float that is no number."""

    message: ClassVar[str] = "the model argument `{name}` is given {found}, which is no number of the language"


@record
class TooLargeArgument(ModelArgument):
    """Base of values beyond a limit."""

    remedy: ClassVar[str] = "give less, or raise the limit in `dotnn.Limits`"

    most: int


@record
class TooMuchInArgument(TooLargeArgument):
    """Base of values of a size that is told."""

    message: ClassVar[str] = "the model argument `{name}` is given {what}, and at most {most:,} are taken"
    measure: ClassVar[str] = ""  #: the template of what is given

    size: int

    @property
    def what(self) -> str:
        """What is given, and how much of it."""
        return filled(self.measure, self)


@record
class TooManyBits(TooMuchInArgument):
    """A huge int."""

    measure: ClassVar[str] = "an int of {size:,} bits"


@record
class TooManyCharacters(TooMuchInArgument):
    """A long string."""

    measure: ClassVar[str] = "a string of {size:,} characters"


@record
class TooManyItems(TooMuchInArgument):
    """Long lists."""

    measure: ClassVar[str] = "{size:,} items in lists"


@record
class TooDeepLists(TooLargeArgument):
    """Lists inside of lists inside of lists."""

    message: ClassVar[str] = (
        "the model argument `{name}` is given lists inside each other, more than {most:,} levels deep"
    )


@record
class SourceUnreadable(Diagnostic):
    """A source file cannot be read: it is not there, it is no regular file, or reading is not permitted.

    A pipe or a device is no file, nor is what stands for one, such as `/dev/stdin` or `<(command)` in a shell. `-`
    reads standard input.
    """

    code: ClassVar[str] = "E607"
    message: ClassVar[str] = "cannot read `{path}`: {reason}"
    remedy: ClassVar[str] = "give the path of a `.nn` file, or `-` for standard input"

    path: str
    reason: str  #: in the words of the system


@record
class FileNotThere(SourceUnreadable):
    """Nothing is there; a file beside it may be meant."""

    near: tuple[str, ...] = ()

    def advice(self) -> str:
        """Near names if there are any."""
        return did_you_mean(self.near) or super().advice()


@record
class TextForPath(SourceUnreadable):
    """A text in the place of a path."""

    remedy: ClassVar[str] = "this is a text: `dotnn.compile_source` takes it"


@record
class NotARegularFile(SourceUnreadable):
    """A pipe, a device, a folder."""

    remedy: ClassVar[str] = "`-` reads standard input; else {instead}"

    instead: str  #: what to do about a file of its kind


@record
class FolderForFile(SourceUnreadable):
    """A folder where one file is wanted."""

    files: tuple[str, ...]  #: its `.nn` files

    def advice(self) -> str:
        """The files in it, and what takes folders."""
        if self.files:
            return f"name one file: {one_of(self.files[:4])}; `dotnn check` and `dotnn summary` take folders"
        return "there is no `.nn` file in it; `dotnn check` and `dotnn summary` look into the folders below, too"


@record
class NoLibraryFile(_WithNearNames):
    """There is no such file in the library of blocks.

    A path that begins with `dotnn/` means the library that comes with dotnn, and is written without `.nn`. A folder of
    the project that is called `dotnn` is reached by `./dotnn/…`.

    ```nn
    import bottleneck from "dotnn/residuals"        # it is called `dotnn/residual`
    ```
    """

    code: ClassVar[str] = "E608"
    message: ClassVar[str] = "the library has no file `{path}`"
    label: ClassVar[str] = "not in the library"
    remedy: ClassVar[str] = "it has {known}"

    path: str
    known: str
    home: str = ""  #: the file that has what is imported, or the path as it should be written

    def advice(self) -> str:
        """The right path, if one is meant."""
        return f'write `"{self.home}"`' if self.home and self.home not in self.near else super().advice()

    def fix(self) -> Fix | None:
        """The right path: certain where a block that is imported tells it, or else the one that is near."""
        if self.home:
            return replacing(self.span, f'"{self.home}"')
        return self._renamed(f'"{self.path}"', '"{}"')
