"""The parameters of a function definition."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["positional-only", "positional", "keyword"]


@dataclass(frozen=True)
class Parameter:
    """One argument that a target takes.

    `annotation` and `default` are expressions of the module `module`; None where there is none.
    `kind` is "keyword" for an argument that can only be given by name.
    """

    name: str
    annotation: ast.expr | None
    default: ast.expr | None
    required: bool
    kind: Kind
    module: str


def parameters(arguments: ast.arguments, *, module: str, bound: bool) -> dict[str, Parameter]:
    """The named parameters of a function, without the first one if it is `bound` (self, cls)."""
    found = list(_positional(arguments, module))[1 if bound else 0 :]
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append(Parameter(argument.arg, argument.annotation, default, default is None, "keyword", module))
    return {parameter.name: parameter for parameter in found}


def _positional(arguments: ast.arguments, module: str) -> Iterator[Parameter]:
    both = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(both) - len(arguments.defaults)) + arguments.defaults
    for place, (argument, default) in enumerate(zip(both, defaults, strict=True)):
        kind: Kind = "positional-only" if place < len(arguments.posonlyargs) else "positional"
        yield Parameter(argument.arg, argument.annotation, default, default is None, kind, module)
