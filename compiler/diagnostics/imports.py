"""Files that import others, and models that are asked for (E6xx)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic
from .fixes import Edit, Fix, Safety, replacing
from .names import _WithNearNames


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
    reason: str
    home: str = ""  #: the file of the library that may be meant

    def advice(self) -> str:
        """The library, if that may be meant, or where the path leads."""
        if self.home:
            return f'write `"{self.home}"` if a block of the library is meant; {super().advice()}'
        return super().advice()

    def fix(self) -> Fix | None:
        """The file of the library that may be meant."""
        return replacing(self.span, f'"{self.home}"', Safety.UNSAFE) if self.home else None


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
    remedy: ClassVar[str] = "{hint}"

    path: str
    name: str
    hint: str
    edit: Edit | None = None  #: what mends the path, if it is certain

    def fix(self) -> Fix | None:
        """The right path, where the import has no other name; else the one name that is near."""
        return Fix((self.edit,), Safety.SAFE) if self.edit is not None else self._renamed(self.name)


@record
class NoModel(_WithNearNames):
    """There is no such model in the file, or none at all."""

    code: ClassVar[str] = "E605"
    message: ClassVar[str] = "{reason}"
    label: ClassVar[str] = "no model"
    remedy: ClassVar[str] = "{hint}"

    reason: str
    hint: str


@record
class ModelArgument(_WithNearNames):
    """A model argument is missing, unknown, or has a value of the wrong kind."""

    code: ClassVar[str] = "E606"
    message: ClassVar[str] = "{reason}"
    label: ClassVar[str] = "argument of the model"
    remedy: ClassVar[str] = "{hint}"

    reason: str
    hint: str


@record
class SourceUnreadable(Diagnostic):
    """A source file cannot be read: it is not there, it is no regular file, or reading is not permitted.

    A pipe or a device is no file, nor is what stands for one, such as `/dev/stdin` or `<(command)` in a shell. `-`
    reads standard input.
    """

    code: ClassVar[str] = "E607"
    message: ClassVar[str] = "cannot read `{path}`: {reason}"
    remedy: ClassVar[str] = "{hint}"

    path: str
    reason: str
    hint: str = "give the path of a `.nn` file, or `-` for standard input"


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
