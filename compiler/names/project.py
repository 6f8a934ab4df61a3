"""Source files and what they define: loading, imports, lookup of blocks and consts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from ... import library
from ..diagnostics import Edit, Report
from ..diagnostics.imports import (
    ImportCycle,
    ImportedNameMissing,
    ImportEscapes,
    ImportNotFound,
    ImportOfOtherKind,
    NoLibraryFile,
)
from ..diagnostics.limits import LimitExceeded
from ..diagnostics.names import DuplicateName, ReservedName
from ..diagnostics.phrases import Phrase
from ..diagnostics.suggest import listed, near_names
from ..graph.types import DTYPES
from ..initializers import INITIALIZERS
from ..layers import LAYERS
from ..limits import Limits
from ..measure.metric_names import METRICS
from ..regular_files import read_regular, why_not
from ..reprs import quoted, several, short_repr
from ..source import Source, Span
from ..syntax import tree
from ..syntax.parse import parse
from ..syntax.read_source import begins_as_model, read_source
from .meanings import FileNames

#: Functions of compile-time values.
FUNCTIONS = ("range", "len", "min", "max", "sum", "ceil", "floor", "abs", "sqrt", "exp", "log")

#: Characters of the longest path that is looked for.
LONGEST_PATH = 1000

#: What ends the search for the root of a project.
ROOT_MARKS = ("pyproject.toml", ".git")


@dataclass(frozen=True, eq=False, repr=False)
class FileItem:
    """A block or const, and the file that defines it."""

    item: tree.Block | tree.Const
    module: Module


@dataclass(eq=False, repr=False)
class Module:
    """One loaded file.

    Attributes:
        items: blocks and consts by name, imported ones included.
        models: the models, in file order.
        imports: the files that it imports, in the order of the first import of each.
        missing: names that an import should have brought; why it has not is reported.
        places: where each name of the file was taken.
        names: what every name of the file means, once ``resolve`` has found it.
    """

    file: tree.File
    items: dict[str, FileItem] = field(default_factory=dict)
    models: dict[str, tree.Model] = field(default_factory=dict)
    imports: list[Module] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    places: dict[str, Span] = field(default_factory=dict)
    names: FileNames = field(init=False)

    def __post_init__(self) -> None:
        self.names = FileNames(self.file.source)

    def __repr__(self) -> str:
        return short_repr(self, quoted(self.source.name), *several(f"model {name}" for name in self.models))

    @property
    def source(self) -> Source:
        """The text."""
        return self.file.source

    @property
    def digest(self) -> str:
        """SHA-256 of the text and, where it imports others, of theirs; as hexadecimal digits."""
        texts = dict.fromkeys(module.source.digest for module in self.with_imports())
        if len(texts) == 1:
            return self.source.digest
        return hashlib.sha256("\n".join(texts).encode()).hexdigest()

    def with_imports(self) -> tuple[Module, ...]:
        """The file and all that it imports, directly or not, each once, in the order of the imports."""
        found: dict[int, Module] = {}
        pending: list[Module] = [self]
        while pending:
            module = pending.pop()
            if id(module) not in found:
                found[id(module)] = module
                pending.extend(reversed(module.imports))
        return tuple(found.values())

    def block(self, name: str) -> tuple[tree.Block, Module]:
        """The block that a name means here, and the file that defines it; raises ``KeyError`` if there is none."""
        found = self.items[name]
        if not isinstance(found.item, tree.Block):
            raise KeyError(name)
        return found.item, found.module

    def const(self, name: str) -> tuple[tree.Const, Module]:
        """The const that a name means here, and the file that defines it; raises ``KeyError`` if there is none."""
        found = self.items[name]
        if not isinstance(found.item, tree.Const):
            raise KeyError(name)
        return found.item, found.module

    def may_define(self, name: str) -> bool:
        """Whether something that could not be read or imported may define a name that nothing else defines."""
        file = self.file
        return file.is_unfinished or file.lacks_name or name in self.missing or name in file.unread_words

    def doc(self, node: tree.Node) -> str:
        """The documentation comment before a node; empty if there is none."""
        return self.file.docs.get(node.span.start, "")


def reserved(name: str) -> str | None:
    """What a name of the language names, if no item may take it."""
    if name in LAYERS and LAYERS[name].callable:
        return "layer"
    if name in FUNCTIONS:
        return "function"
    if name in DTYPES:
        return "element type"
    if name in INITIALIZERS:
        return "initializer"
    return "metric" if name in METRICS else None


_Item: TypeAlias = tree.Block | tree.Const | tree.Model


class Project:
    """Loads files, each once, and never one from outside of the root.

    Attributes:
        contents: by path, what files are to hold, where that is not what they hold.
    """

    def __init__(
        self, limits: Limits, report: Report, root: Path | None, contents: Mapping[Path | None, bytes] | None = None
    ) -> None:
        self.limits = limits
        self.report = report
        self.root = root
        self.contents = contents or {}
        self._modules: dict[Path, Module | None] = {}
        self._loading: list[Path] = []

    def add(self, source: Source) -> Module | None:
        """Load a source text and what it imports; None where nothing could be made of it."""
        # The files of the library are as they are, whatever the limits of a text.
        limits = Limits() if source.in_library else self.limits
        file = parse(source, limits, self.report)
        if file is None:
            return None
        module = Module(file)
        if source.path is not None:
            self._modules[source.path] = module
            self._loading.append(source.path)
        for item in file.items:
            if self.report.is_full:
                break
            if isinstance(item, tree.Import):
                self._import(item, module)
            elif not isinstance(item, tree.Broken):
                self._define(item, module)
        if source.path is not None:
            self._loading.pop()
        return module

    def _define(self, item: _Item, module: Module) -> None:
        name = item.name.name
        kind = reserved(name) if not isinstance(item, tree.Const) or name in METRICS else None
        if kind is not None:
            self.report.add(ReservedName(span=item.name.span, name=name, kind=kind))
        if not self._claim(item.name, module):
            return
        if isinstance(item, tree.Model):
            module.models[name] = item
        else:
            module.items[name] = FileItem(item, module)

    def _claim(self, name: tree.Name, module: Module) -> bool:
        """Take a name for something of the file; False, and a diagnostic, where it is taken."""
        earlier = module.places.setdefault(name.name, name.span)
        if earlier is not name.span:
            self.report.add(DuplicateName(span=name.span, name=name.name, earlier=earlier))
        return earlier is name.span

    def _import(self, item: tree.Import, module: Module) -> None:
        other = self._load(item, module)
        if other is None:
            # The names are known to be meant for something: what uses them is quiet.
            module.missing.update(name.name for name in item.names)
            return
        module.imports.append(other)
        for name in item.names:
            if not self.report.is_full:
                self._bring(name, item, module, other)

    def _bring(self, name: tree.Name, item: tree.Import, module: Module, other: Module) -> None:
        found = other.items.get(name.name)
        if found is None:
            module.missing.add(name.name)
            if any(one.span is not None and one.span.source is other.source for one in self.report.errors):
                # What could not be read there may have been it.
                return
            self.report.add(_name_missing(name, item, other))
        elif self._claim(name, module):
            module.items[name.name] = found

    def _load(self, item: tree.Import, module: Module) -> Module | None:
        written = item.path.value
        path = self._resolve(item, module)
        if path is None:
            return None
        if path in self._loading:
            circle = [one.name for one in self._loading[self._loading.index(path) :]] + [path.name]
            self.report.add(ImportCycle(span=item.path.span, circle=" -> ".join(circle)))
            return None
        if path in self._modules:
            return self._modules[path]
        for limit, used in (("imports", len(self._modules)), ("import_depth", len(self._loading))):
            maximum = getattr(self.limits, limit)
            if used > maximum:
                self.report.add(LimitExceeded(span=item.path.span, limit=limit, maximum=maximum))
                return None
        name, in_library = _shown(written, module), written.startswith(library.PREFIX)
        limits = Limits() if in_library else self.limits
        try:
            data = self.contents.get(path)
            data = read_regular(path, limits.source_bytes) if data is None else data
        except OSError as error:
            self._missing(item, path, why_not(error))
            return None
        # Where nothing can be made of it, that is reported once.
        self._modules[path] = None
        if not in_library and not begins_as_model(data):
            from ..file_kinds import kind_of

            kind = kind_of(data, name)
            if kind is not None:
                self._wrong_kind(item, path, kind)
                return None
        source = read_source(data, name, path, limits, self.report, in_library=in_library)
        return None if source is None else self.add(source)

    def _wrong_kind(self, item: tree.Import, path: Path, kind: Phrase) -> None:
        shown, written = os.path.relpath(path), item.path.value
        self.report.add(ImportOfOtherKind(span=item.path.span, path=written, resolved=shown, cause="", kind=kind))

    def _resolve(self, item: tree.Import, module: Module) -> Path | None:
        written = item.path.value
        if written.startswith(library.PREFIX):
            return self._in_library(item)
        base = module.source.path.parent if module.source.path is not None else Path()
        if "\0" in written or len(written) > LONGEST_PATH:
            self._missing(item, base)
            return None
        try:
            base = base.resolve()
            path = (base / written).resolve()
        except (OSError, RuntimeError):
            self._missing(item, base / written)
            return None
        root = self.root or base
        if not path.is_relative_to(root):
            self.report.add(ImportEscapes(span=item.path.span, path=written, root=root.name or "/"))
            return None
        return path

    def _in_library(self, item: tree.Import) -> Path | None:
        files, written = library.library_files(), item.path.value
        if written not in files:
            from .library_imports import home_of

            near, home = near_names(written, files), home_of(item)
            self.report.add(NoLibraryFile(span=item.path.span, path=written, known=listed(files), near=near, home=home))
        return files.get(written)

    def _missing(self, item: tree.Import, path: Path, reason: str = "") -> None:
        """Report that nothing can be read; without a reason because there can be no such path."""
        from .library_imports import home_of

        shown, home, written = os.path.relpath(path), home_of(item), item.path.value
        self.report.add(ImportNotFound(span=item.path.span, path=written, resolved=shown, cause=reason, home=home))


def _name_missing(name: tree.Name, item: tree.Import, other: Module) -> ImportedNameMissing:
    """The diagnostic for a name that a file does not define; the library may have it elsewhere."""
    from .library_imports import home_of_block, public_names

    is_library, home = other.source.in_library, home_of_block(name.name)
    known = public_names(item.path.value) if is_library else list(other.items)
    # The name of another block of the library is no misspelt one.
    near = () if is_library and home else near_names(name.name, known)
    edit = Edit(item.path.span, f'"{home}"') if home and not near and len(item.names) == 1 else None
    return ImportedNameMissing(
        span=name.span,
        path=item.path.value,
        name=name.name,
        known=tuple(known),
        is_model=name.name in other.models,
        line=library.import_line(name.name, home) if home else "",
        near=near,
        edit=edit,
    )


def _shown(written: str, module: Module) -> str:
    """What an imported file is called in messages: its path, from where that of the importing file leads."""
    if written.startswith(library.PREFIX):
        return written
    return os.path.normpath(os.path.join(os.path.dirname(module.source.name), written))


def project_root(path: Path) -> Path:
    """The nearest folder above a file that marks a project, else the file's own folder."""
    for folder in path.parents:
        if any((folder / mark).exists() for mark in ROOT_MARKS):
            return folder
    return path.parent
