"""How the names of a weight file become the names of a model: prefixes, rules, order; and what may be missing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, final, get_args

from ..python_arguments import a_type, need, need_choice, need_path
from ..records import record

if TYPE_CHECKING:
    from .rename_rules import RenameRule

Match: TypeAlias = Literal["name", "order"]


@final
@record
class Matching:
    r"""How a weight file, or weights given in Python, are matched to a model.

    Attributes:
        strip_prefix: what is taken off names that begin with it: ``module.``.
        rename: rules by which names of the file become names of the model, patterns and replacements, or the path of
            a TOML file of them. The first pattern that fits a whole name decides: ``{r"b(\d)_(.+)": "b$1.$2"}``.
        match: ``order`` pairs tensors in the order of the file with weights in the order of the model, whatever they
            are called; shapes must agree.
        allow_missing: whether weights that the file lacks start as their initializers say.
        allow_nonfinite: whether NaN and infinite numbers are taken.
    """

    strip_prefix: str = ""
    rename: str | os.PathLike[str] | Mapping[str, str] | None = None
    match: Match = "name"
    allow_missing: bool = False
    allow_nonfinite: bool = False

    def __post_init__(self) -> None:
        need(self.strip_prefix, str, "strip_prefix must be a str, such as 'module.'")
        need_choice(self.match, "match", get_args(Match))
        for name in ("allow_missing", "allow_nonfinite"):
            need(getattr(self, name), bool, f"{name} must be a bool")
        if self.rename is None or isinstance(self.rename, str | os.PathLike):
            return
        rules = need(self.rename, Mapping, "rename must be the path of a .toml file, or a mapping of patterns")
        for pattern, replacement in rules.items():
            if not isinstance(pattern, str) or not isinstance(replacement, str):
                raise TypeError(f"rename must map str to str, not {a_type(pattern)} to {a_type(replacement)}")

    def rules(self) -> tuple[RenameRule, ...]:
        """The rules of ``rename``.

        Raises:
            DotnnError: the file cannot be read, or is none.
        """
        if self.rename is None:
            return ()
        # What TOML needs is loaded where there is a file of rules.
        from .rename_rules import given_rules, read_rules

        if isinstance(self.rename, Mapping):
            return given_rules(self.rename)
        return read_rules(Path(need_path(self.rename, "rename")))
