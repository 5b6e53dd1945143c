"""The config files that a user can choose from: ours, those in ./configs, --config-dir, and plug-ins."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

ROOT = "train"


@lru_cache
def own() -> Path:
    """The folder of our own configs: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent
    for folder in (package.parent / "configs", package / "configs"):
        if (folder / f"{ROOT}.yaml").is_file():
            return folder
    raise FileNotFoundError(f"the configs of mlsci are missing: neither beside nor inside {package}")


def plugins() -> list[Path]:
    """Config folders of installed packages that declare the entry point group `mlsci.configs`."""
    folders = []
    for entry in entry_points(group="mlsci.configs"):
        spec = find_spec(entry.value.split(":")[0])
        folders += [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    return folders


def folders(extra: Sequence[str | Path] = ()) -> list[Path]:
    """All config folders, ours first, without repetition."""
    local = Path.cwd() / "configs"
    found = [own(), *(Path(place).resolve() for place in extra), *([local] if local.is_dir() else []), *plugins()]
    return list(dict.fromkeys(place.resolve() for place in found))


def files(places: Iterable[Path]) -> dict[str, dict[str, Path]]:
    """Every choice as {group: {option: file}}; for `experiment` the option is `field/name`."""
    found: dict[str, dict[str, Path]] = {}
    for place in places:
        for path in sorted(place.rglob("*.yaml")):
            parts = path.relative_to(place).with_suffix("").parts
            if len(parts) > 1 and parts[0] != "hydra":
                found.setdefault(parts[0], {}).setdefault("/".join(parts[1:]), path)
    return found


def stamps(places: Iterable[Path]) -> frozenset[tuple[str, int, int]]:
    """Path, time of change and size of every config file: as long as they are the same, so is what is composed."""
    paths = (path for place in places for path in place.rglob("*.yaml") if path.is_file())  # an editor's lock is none
    found = ((path, path.stat()) for path in paths)
    return frozenset((str(path), status.st_mtime_ns, status.st_size) for path, status in found)


def headline(path: Path) -> str:
    """The first comment line of a config file, which says what the choice is."""
    for line in path.read_text().splitlines():
        if line.startswith("#") and "@package" not in line:
            return line.lstrip("# ").strip()
        if line and not line.startswith("#"):
            break
    return ""
