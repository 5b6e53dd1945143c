"""What labels are worth: test error against the number of labelled frames, for each way to choose them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, ScalarFormatter

from mlsci.plots.outcome import Array, DoesNotApply, Outcome
from mlsci.plots.style import BLUE, CYCLE, ORANGE, legend_above, new_figure, tidy

COLOURS = {"uncertain": BLUE, "random": ORANGE}
NAMES = {"uncertain": "most uncertain frames", "random": "random frames"}


@dataclass(frozen=True, kw_only=True)
class LabelCurve:
    """Force RMSE on the test part (log) against labels; a line is the median of runs, a band their range.

    `notes["label_curves"]` holds {acquisition, seed, curve: [[labels, force RMSE in meV/Å, ...], ...]} of each run
    beside this one, and of this one. Raises DoesNotApply where there is none.
    """

    def __call__(self, outcome: Outcome) -> Figure:
        runs = [one for one in outcome.notes.get("label_curves") or [] if one["curve"]]
        if not runs:
            raise DoesNotApply("notes: expected label_curves of callbacks.active_learning, got none")
        figure = new_figure(3.6)
        axes = tidy(figure.subplots(), x="labelled frames in training", y="force RMSE, test part (meV/Å)")
        names = []
        for place, (how, labels, errors) in enumerate(arms(runs)):
            colour = COLOURS.get(how, CYCLE[2 + place % 5])
            names.append(f"{NAMES.get(how, how)}{f' ({len(errors)} runs)' if len(errors) > 1 else ''}")
            axes.plot(labels, np.median(errors, axis=0), marker="o", ms=4, color=colour, label=names[-1])
            axes.fill_between(labels, errors.min(axis=0), errors.max(axis=0), color=colour, alpha=0.2, linewidth=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
        axes.yaxis.set_major_formatter(ScalarFormatter())
        axes.yaxis.set_minor_formatter(NullFormatter())
        legend_above(axes, names)
        return figure


def arms(runs: Sequence[Mapping[str, Any]]) -> list[tuple[str, Array, Array]]:
    """Each way to choose, with labels (rounds,) and errors (runs, rounds) as far as all of its runs have come."""
    by_way: dict[str, list[Array]] = defaultdict(list)
    for run in runs:
        by_way[run["acquisition"]].append(np.array(run["curve"], dtype=np.float64)[:, :2])
    found = []
    for how in sorted(by_way, key=lambda name: name != "uncertain"):
        rounds = min(len(curve) for curve in by_way[how])
        curves = np.stack([curve[:rounds] for curve in by_way[how]])  # (runs, rounds, 2)
        found.append((how, curves[0, :, 0], curves[:, :, 1]))
    return found
