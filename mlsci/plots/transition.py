"""A classifier of phases across a transition: its output and its accuracy against the temperature."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.style import BLUE, GREY, VERMILION, new_figure, tidy


@dataclass(frozen=True, kw_only=True)
class Transition:
    """Probabilities (N, 2) of samples whose temperatures are `notes["temperature"]` (N,).

    Above the mean output for the second class with the middle 90 % of samples, below the share of errors; the region
    `notes["critical_region"]` is shaded. Raises DoesNotApply without temperatures.
    """

    def __call__(self, outcome: Outcome) -> Figure:
        if "temperature" not in outcome.notes:
            raise DoesNotApply("notes: expected the temperatures of data=ising")
        probabilities, labels = outcome.as_classification()
        temperature = np.asarray(outcome.notes["temperature"])
        values = np.unique(temperature)
        rows = [temperature == value for value in values]
        output = [probabilities[each, 1] for each in rows]
        errors = [(probabilities[each].argmax(axis=1) != labels[each]).mean() for each in rows]
        low, middle, high = (np.array([np.percentile(each, level) for each in output]) for level in (5, 50, 95))
        mean = np.array([each.mean() for each in output])
        figure = new_figure(4.6)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        tidy(above, x="", y=f"output for “{outcome.class_names()[1]}”")
        above.vlines(values, low, high, color=BLUE, linewidth=2.5, alpha=0.35, label="middle 90 %")
        above.plot(values, middle, "_", color=BLUE, markersize=9, label="median")
        above.plot(values, mean, "o", color=VERMILION, markersize=4, label="mean")
        tidy(below, x="temperature (J/k$_B$)", y="errors (%)")
        below.plot(values, 100 * np.array(errors), "o-", color=BLUE, markersize=4, linewidth=1.2)
        below.set_ylim(bottom=-0.02 * max(100 * max(errors), 0.1))
        for axes in (above, below):
            axes.axvspan(*outcome.notes["critical_region"], color="#eeeeee", zorder=0, label="critical region")
            axes.axvline(outcome.notes["critical_temperature"], color=GREY, linestyle=":", linewidth=1.2, label="T$_c$")
        above.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=5, fontsize=8.5, frameon=False)
        return figure
