"""Which `_target_` a config may name: a config inside a file is code waiting to run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlsci.nearest import closest
from mlsci.signature import NoSuchTarget, places

# What a `_target_` may name without `trust`: a prefix where it ends in a dot, else exactly this.
ALLOWED = (
    "torch.nn.",
    "torch.optim.",
    "torch.utils.data.",
    "torchmetrics.",
    "lightning.pytorch.",
    "lightning.Trainer",
    "sklearn.",
    "torch_geometric.nn.",
    "e3nn.nn.",
    "e3nn.o3.",
    "mlsci.data.",
    "mlsci.nets.",
    "mlsci.models.",
    "mlsci.callbacks.",
    "mlsci.loggers.",
    "mlsci.metrics.",
    "mlsci.optim.",
    "mlsci.plots.",
    "mlsci.science.",
    "mlsci.symbolic.",
)
# Builds and runs whatever its own arguments name; writes what it fetched to wherever it is told.
REFUSED = ("lightning.pytorch.cli.", "mlsci.data.download.")
# Where allowed packages define some of the classes that they offer: lightning.pytorch.plugins.environments.
HOMES = ("lightning.fabric.",)


def allowed(target: str, trust: Sequence[str] = ()) -> bool:
    """Whether a `_target_` may run, as far as its name and source tell."""
    return not refusal(target, trust)


def inside(name: str, trust: Sequence[str] = ()) -> bool:
    """Whether a place of definition (``__module__.__qualname__``) belongs to an allowed package.

    Private modules count here: ``sklearn.svm.SVC`` lives in ``sklearn.svm._classes``.
    """
    own = _prefixes(trust)
    return _starts(name, own) or (_starts(name, (*ALLOWED, *HOMES)) and not _starts(name, REFUSED))


def refusal(target: str, trust: Sequence[str] = ()) -> str:
    """Why a `_target_` must not run, in a sentence that says what to do; ``""`` where it may.

    Three doors: the name must stand under an allowed or trusted prefix and pass through nothing private; the
    place where source says that it is really defined must too (``torch.optim.adam.torch.load`` does not);
    and a package that is neither ours nor trusted gives classes only.
    """
    own, top = _prefixes(trust), target.partition(".")[0]
    try:
        found = places(target)
    except NoSuchTarget as error:
        tops = {prefix.partition(".")[0] for prefix in (*ALLOWED, *own)}
        if closest(top, tops) or not all(part.isidentifier() for part in target.split(".")):
            return str(error)
        found = []
    named = _starts(target, own) or (_starts(target, ALLOWED) and not _starts(target, REFUSED))
    if not named:
        guess = _corrected(target)
        advice = f"add trust=[{top}] to allow it (it will run code from that package)"
        hint = f"did you mean '{guess}'? Otherwise {advice}" if guess else advice
        return f"'{target}' is not in an allowed package; {hint}"
    if private := _private(target, own):
        return f"'{target}' goes through '{private}', which is private to its package"
    for place in found:
        if not inside(place.name, trust):
            return f"'{target}' is really {place.name}, which is not in an allowed package"
        if place.is_function and not _starts(place.name, ("mlsci.", *own)):
            return f"'{target}' is a function, expected a class"
    return ""


def _prefixes(trust: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{package.rstrip('.')}." for package in trust if package)


def _starts(name: str, prefixes: Iterable[str]) -> bool:
    return any(name.startswith(prefix) if prefix.endswith(".") else name == prefix for prefix in prefixes)


def _private(target: str, own: Sequence[str]) -> str | None:
    """The first name with an underscore that the path goes through and no trusted prefix spells out."""
    rests = [target[len(prefix) :] for prefix in own if target.startswith(prefix)]
    rest = min(rests, key=len, default=target)
    return next((part for part in rest.split(".") if part.startswith("_")), None)


def _corrected(target: str) -> str | None:
    """The target with its beginning made an allowed one: torch.optm.Adam -> torch.optim.Adam."""
    parts = target.split(".")
    for length in range(2, len(parts)):
        parent, last = ".".join(parts[: length - 1]), parts[length - 1]
        known = [prefix[:-1].rpartition(".") for prefix in ALLOWED if prefix.endswith(".")]
        found = closest(last, [name for head, _, name in known if head == parent])
        if found and found != last:
            return ".".join([parent, found, *parts[length:]])
    return None
