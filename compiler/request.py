"""What a call asks the compiler for, its types checked."""

from __future__ import annotations

import os
from collections.abc import Mapping

from .limits import Limits
from .python_arguments import need, need_folder
from .records import positional_record
from .values.from_python import need_mapping


@positional_record
class Request:
    """What is asked for.

    Attributes:
        model: the only model that is meant; None for whatever the file has.
        arguments: values of the model's arguments, as Python values.
        limits: how much the compilation may use.
        root: the folder that imports may not leave; None for that of the project.
        is_for_several: whether the arguments are for several models, so that one may lack some of them.
    """

    model: str | None
    arguments: Mapping[str, object] | None
    limits: Limits
    root: str | os.PathLike[str] | None
    is_for_several: bool = False


def request(model: object, arguments: object, limits: object, root: object) -> Request:
    """What a call asks for; raises ``TypeError`` where one of its arguments is of a wrong type."""
    remedy = "give one such as `dotnn.Limits(nodes=100_000)`"
    return Request(
        None if model is None else need(model, str, "model must be a str, the name of a model"),
        None if arguments is None else need_mapping(arguments),
        Limits() if limits is None else need(limits, Limits, "limits must be a dotnn.Limits", remedy),
        None if root is None else need_folder(root, "root"),
    )
