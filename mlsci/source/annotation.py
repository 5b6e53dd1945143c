"""What an annotation lets a YAML value be, and what to say of a value that it does not."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from mlsci.nearest import nearest
from mlsci.source.lookup import Unknown, stands_for
from mlsci.source.modules import find_module

SCALARS = {
    **{name: (name,) for name in ("bool", "int", "float", "str")},
    "complex": ("float",),
    "Number": ("float",),
    "Real": ("float",),
    "Text": ("str",),
    "LiteralString": ("str",),
    "Path": ("str",),
    "PathLike": ("str",),
}
MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "OrderedDict"})
SEQUENCES = frozenset({"list", "List", "Sequence", "MutableSequence", "Iterable", "Collection"})
TUPLES = frozenset({"tuple", "Tuple"})
LISTS = SEQUENCES | TUPLES | {"set", "Set", "frozenset", "FrozenSet"}
LISTLESS = MAPPINGS | {
    "Callable",
    "Module",
    "Optimizer",
    "LRScheduler",
    "Trainer",
}  # what no list can stand for
DATA = frozenset({"Tensor", "Parameter", "Generator", "DataLoader", "Dataset", "Sampler"})
OBJECTS = LISTLESS | DATA | {"ModuleList", "ModuleDict", "LightningModule", "LightningDataModule"}
WRAPPERS = frozenset({"Annotated", "Final", "InitVar", "Required", "NotRequired"})
DEPTH = 12  # aliases of aliases


@dataclass(frozen=True)
class Expected:
    """A union: plain scalars, literal `choices`, lists of things, objects that need a mapping."""

    scalars: tuple[str, ...] = ()
    choices: tuple[Any, ...] = ()
    lists: tuple[Items, ...] = ()
    objects: tuple[str, ...] = ()
    anything: bool = False

    def __or__(self, other: Expected) -> Expected:
        return Expected(
            scalars=(*self.scalars, *(name for name in other.scalars if name not in self.scalars)),
            choices=self.choices + tuple(c for c in other.choices if not _among(c, self.choices)),
            lists=(*self.lists, *other.lists),
            objects=(*self.objects, *(name for name in other.objects if name not in self.objects)),
            anything=self.anything or other.anything,
        )

    def __str__(self) -> str:
        none = ["None"] if "None" in self.scalars else []
        scalars = [name for name in self.scalars if name != "None"]
        choices = [repr(choice) for choice in self.choices]
        if choices and not (scalars or self.lists or self.objects):
            return f"one of {', '.join([*choices, *none])}"
        lists = [str(items) for items in self.lists]
        return " | ".join(dict.fromkeys([*scalars, *choices, *lists, *self.objects, *none])) or "something else"


@dataclass(frozen=True)
class Items:
    """A list: `each` of its items in turn, or all of them alike where it is not `fixed`."""

    each: tuple[Expected, ...]
    fixed: bool = False

    def at(self, place: int) -> Expected:
        """What the item at `place` may be."""
        return self.each[place] if self.fixed else self.each[0]

    def __str__(self) -> str:
        inside = ", ".join("any" if item.anything else str(item) for item in self.each)
        return "list" if inside == "any" else f"list[{inside}]"


ANYTHING = Expected(anything=True)


def expected(annotation: ast.expr | None, module: str = "", *, follow: bool = True) -> Expected:
    """Read an annotation written in `module`; what is not understood allows anything.

    With ``follow=False`` names that would have to be looked up allow nothing, which costs less.
    """
    return _read(annotation, _Place(module, follow, 0))


@dataclass(frozen=True)
class _Place:
    """Where an annotation stands, whether its names are followed, and how many aliases lie behind."""

    module: str
    follow: bool
    depth: int


def _read(annotation: ast.expr | None, place: _Place) -> Expected:
    if place.depth > DEPTH:
        return ANYTHING
    match annotation:
        case ast.Constant(None):
            return Expected(scalars=("None",))
        case ast.Constant(str(text)):
            return _read(_parsed(text), place)
        case ast.BinOp(left, ast.BitOr(), right):
            return _read(left, place) | _read(right, place)
        case ast.Subscript(value, inside):
            return _generic(_last(value), inside, place)
        case ast.Name() | ast.Attribute():
            return _named(annotation, place)
    return ANYTHING


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _named(node: ast.Name | ast.Attribute, place: _Place) -> Expected:
    name = _last(node)
    if name in SCALARS:
        return Expected(scalars=SCALARS[name])
    if name in {"None", "NoneType"}:
        return Expected(scalars=("None",))
    if name in LISTS:
        return Expected(lists=(Items((ANYTHING,)),))
    if name in OBJECTS:
        return Expected(objects=(name,))
    if name in {"Any", "object"}:
        return ANYTHING
    if not place.follow:
        return Expected()
    home = find_module(place.module) if place.module else None
    found = stands_for(home, node) if home else []
    alias = found[0] if len(found) == 1 else None
    if isinstance(alias, Unknown) and alias.module and isinstance(alias.node, ast.expr):
        return _read(alias.node, _Place(alias.module.name, place.follow, place.depth + 1))
    return ANYTHING


def _generic(name: str, inside: ast.expr, place: _Place) -> Expected:
    parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    if name == "Literal":
        return _literal(parts, place)
    if name in OBJECTS:
        return Expected(objects=(name,))
    if name not in LISTS | WRAPPERS | {"Union", "Optional"}:
        return ANYTHING
    fixed = name in TUPLES and not _ellipsis(parts)
    read = [_read(part, place) for part in parts if not _ellipsis([part])]
    if name in LISTS:
        return Expected(lists=(Items(tuple(read) if fixed else tuple(read[:1]) or (ANYTHING,), fixed),))
    if name in WRAPPERS:
        return read[0] if read else ANYTHING
    union = Expected(scalars=("None",)) if name == "Optional" else Expected()
    for part in read:
        union = union | part
    return union


def _ellipsis(parts: list[ast.expr]) -> bool:
    return any(isinstance(part, ast.Constant) and part.value is ... for part in parts)


def _literal(parts: list[ast.expr], place: _Place) -> Expected:
    union = Expected()
    for part in parts:
        try:
            value = ast.literal_eval(part)
        except (ValueError, TypeError, SyntaxError):
            nested = isinstance(part, ast.Subscript) and _last(part.value) == "Literal"
            union = union | (_read(part, place) if nested else ANYTHING)
        else:
            union = union | (Expected(scalars=("None",)) if value is None else Expected(choices=(value,)))
    return union


def unresolved(value: object) -> bool:
    """Whether a value is an interpolation that is resolved later, or still to be given."""
    return isinstance(value, str) and ("${" in value or value == "???")


def fits(value: object, want: Expected) -> bool:
    """Whether a plain YAML value can be what is wanted; whatever YAML cannot hold passes."""
    if want.anything or unresolved(value) or _among(value, want.choices):
        return True
    if isinstance(value, dict):
        return bool(want.objects) or ("_target_" in value and bool(want.lists))
    if isinstance(value, list | tuple):
        return any(name not in LISTLESS for name in want.objects) or any(_all_fit(value, items) for items in want.lists)
    if value is None or isinstance(value, bool | str):
        return ("None" if value is None else type(value).__name__) in want.scalars
    if isinstance(value, int):
        return "int" in want.scalars or "float" in want.scalars
    return "float" in want.scalars if isinstance(value, float) else True


def _all_fit(value: list[Any] | tuple[Any, ...], items: Items) -> bool:
    if items.fixed and len(value) != len(items.each):
        return False
    return all(fits(item, items.at(place)) for place, item in enumerate(value))


def _among(value: object, choices: tuple[Any, ...]) -> bool:
    return any(type(value) is type(choice) and value == choice for choice in choices)


def complaints(value: object, want: Expected, path: str) -> list[str]:
    """One message for each place where a value is not what is wanted."""
    if fits(value, want):
        return []
    if isinstance(value, list | tuple) and len(want.lists) == 1:
        items = want.lists[0]
        if not items.fixed or len(value) == len(items.each):
            return [text for i, v in enumerate(value) for text in complaints(v, items.at(i), f"{path}[{i}]")]
        return [f"{path}: expected {len(items.each)} values, {want}, got {len(value)}: {shown(value)}"]
    return [f"{path}: expected {want}, got {shown(value)}{_hint(value, want)}"]


def shown(value: object) -> str:
    """A value on one short line."""
    if isinstance(value, dict):
        return f"a {value['_target_']}" if isinstance(value.get("_target_"), str) else "a mapping"
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def _hint(value: object, want: Expected) -> str:
    if isinstance(value, str):
        numeric = {"int", "float"} & set(want.scalars) and _is_number(value)
        return "; it is text, remove the quotes" if numeric else nearest(value, want.choices)
    if isinstance(value, float) and "int" in want.scalars and value.is_integer():
        return f"; write {int(value)}"
    if isinstance(value, int | float) and not isinstance(value, bool) and "str" in want.scalars:
        return "; write it in quotes"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
