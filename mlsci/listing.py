"""`mlsci list`, `show`, `copy`, `train --help`, and the table at the end of a sweep."""

import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mlsci import groups
from mlsci.errors import ConfigError
from mlsci.nearest import nearest
from mlsci.record import RunFolder

if TYPE_CHECKING:
    from rich.console import Console


REPEATS = {"seed", "data.fold", "data.split_seed"}  # jobs that differ in these alone are averaged


def show_list(group: str, *, config_dirs: Sequence[str] = ()) -> None:
    """Print the choices of a group; for experiments with data, reference and our last value."""
    from rich.table import Table

    known = groups.files(groups.folders(config_dirs))
    if group not in known:
        near = nearest(group, list(known))
        raise ConfigError(f"{group}: no such group{near or ';'} known: {', '.join(sorted(known))}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    columns = ["experiment", "what", "data", "reference", "ours"] if group == "experiment" else [group, "what"]
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == columns[0])
    for row in _rows(group, known):
        table.add_row(*row)
    wide_console().print(table)


def wide_console() -> "Console":
    """A console that does not squeeze tables into 80 columns where the output is a file or a pipe."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=160)


def _rows(group: str, known: dict[str, dict[str, Path]]) -> list[list[str]]:
    if group != "experiment":
        return [[name, groups.headline(path)] for name, path in known[group].items()]
    from mlsci.results import last_values

    ours = last_values(Path("runs"), groups.own().parent / "RESULTS.md")
    rows = []
    for name, path in known[group].items():
        loaded = yaml.safe_load(path.read_text()) or {}
        rows.append([name, groups.headline(path), _data(loaded), _reference(loaded), ours.get(name, "")])
    return rows


def _data(experiment: dict[str, Any]) -> str:
    for entry in experiment.get("defaults", []):
        if isinstance(entry, dict) and "override /data" in entry:
            return str(entry["override /data"])
    return ""


def _reference(experiment: dict[str, Any]) -> str:
    found = experiment.get("reference")
    first = found[0] if isinstance(found, list) else found
    if not first:
        return ""
    if first.get("value") is None:
        return str(first["metric"])
    sign = {"lower": "≤", "higher": "≥", "equal": "="}.get(first.get("better", "lower"), "")
    return f"{first['metric']} {sign} {first['value']} {first.get('unit', '')}".strip()


def find_choice(choice: str, config_dirs: Sequence[str] = ()) -> Path:
    """The file of `group/option` (or `group=option`)."""
    group, _, option = choice.replace("=", "/", 1).partition("/")
    known = groups.files(groups.folders(config_dirs))
    if group not in known:
        near = nearest(group, list(known)) or ";"
        raise ConfigError(f"{choice}: no group '{group}'{near} known: {', '.join(sorted(known))}")
    if option not in known[group]:
        what = f"no such choice{nearest(option, list(known[group])) or ';'} known" if option else "choose one of"
        raise ConfigError(f"{choice}: {what}: {', '.join(sorted(known[group]))}")
    return known[group][option]


def show_choice(choice: str, *, config_dirs: Sequence[str] = ()) -> None:
    """Print a config file, with its path as a comment."""
    from rich.console import Console
    from rich.syntax import Syntax

    path = find_choice(choice, config_dirs)
    console = Console()
    text = f"# {path}\n{path.read_text()}"
    if console.is_terminal:
        console.print(Syntax(text, "yaml", background_color="default"))
    else:
        print(text, end="")


def copy_choice(choice: str, to: str, *, config_dirs: Sequence[str] = ()) -> Path:
    """Copy a config file into a config folder as my_<name>: ours of the same name would win; never over a file."""
    source = find_choice(choice, config_dirs)
    group, _, name = choice.replace("=", "/", 1).rpartition("/")
    target = Path(to) / group / f"my_{name}.yaml"
    if target.exists():
        raise ConfigError(f"{target}: exists already")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    except OSError as error:
        raise ConfigError(f"{target}: cannot be written: {error.strerror or error}") from error
    return target


def train_help(arguments: Sequence[str]) -> str:
    """How to write overrides, and every group with its choices."""
    known = groups.files(groups.folders())
    lines = [
        "usage: mlsci train [-m] [--config-dir DIR] [--cfg job] [key=value | group=choice ...]",
        "",
        "  mlsci train experiment=images/digits optimizer.lr=1e-3   change a value",
        "  mlsci train experiment=images/digits net=mlp             swap a part",
        "  mlsci train experiment=images/digits +trainer.profiler=simple   add an argument",
        "  mlsci train experiment=images/digits ~callbacks.progress  remove a part",
        "  mlsci train -m experiment=images/digits seed=0,1,2       one job a value",
        "  mlsci train experiment=images/digits --cfg job           print the whole config",
        "",
        "  run.name=NAME fixes the folder; trust=[mypkg] allows your own classes.",
        "",
        "groups (mlsci list GROUP, mlsci show GROUP/CHOICE):",
    ]
    lines += [f"  {group:<11} {' '.join(options)}" for group, options in sorted(known.items())]
    return "\n".join(lines)


def sweep_table(jobs: Sequence[RunFolder]) -> None:
    """One row a job, and mean ± deviation over finished jobs that differ in seed and fold alone."""
    from rich.table import Table

    rows = [(job, job.overrides, job.status, job.metrics.get("metrics", {})) for job in jobs]
    shared = set.intersection(*(set(overrides) for _, overrides, _, _ in rows)) if len(rows) > 1 else set()
    names = list(dict.fromkeys(n for *_, m in rows for n in m if n.startswith("test/"))) or list(
        dict.fromkeys(n for *_, m in rows for n in m)
    )
    table = Table(header_style="bold", title=f"{len(jobs)} jobs", title_justify="left")
    table.add_column("job")
    table.add_column("overrides", overflow="fold")
    table.add_column("state")
    for name in names:
        table.add_column(name, justify="right")
    for job, overrides, status, metrics in rows:
        differing = " ".join(text for text in overrides if text not in shared)
        state = status.get("state", "?")
        colour = {"finished": "green", "failed": "red"}.get(state, "yellow")
        values = [f"{metrics[n]:.5g}" if n in metrics else "" for n in names]
        table.add_row(job.path.name, differing, f"[{colour}]{state}[/]", *values)
    differ = {text.partition("=")[0] for _, overrides, *_ in rows for text in overrides if text not in shared}
    finished = [metrics for *_, status, metrics in rows if status.get("state") == "finished"]
    if len(finished) > 1 and differ <= REPEATS:
        table.add_section()
        table.add_row("", "mean ± sd", "", *(_spread([m[n] for m in finished if n in m]) for n in names))
    console = wide_console()
    console.print(table)
    for job, _, status, _ in rows:
        if status.get("error"):
            console.print(f"job {job.path.name}: {status['error']}", style="red", soft_wrap=True, markup=False)


def _spread(values: list[float]) -> str:
    return f"{statistics.mean(values):.5g} ± {statistics.stdev(values):.2g}" if len(values) > 1 else ""
