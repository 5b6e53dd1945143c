"""Samples of a generative model beside the data."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, Outcome
from mlsci.plots.pictures import as_pictures, grey_range, mosaic
from mlsci.plots.style import BLUE, ORANGE, legend_above, new_figure, tidy


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Pictures: `rows` by `rows` of the data, and as many samples, in one range of grey. Vectors: the first two values.

    Series (channels, length): the first channel of a few. Takes an outcome whose `targets` are data (N, ...) and whose
    `predictions` are samples of the same shape.
    """

    rows: int = 6

    def __call__(self, outcome: Outcome) -> Figure:
        data, samples = np.asarray(outcome.targets), np.asarray(outcome.predictions)
        if data.shape[1:] != samples.shape[1:] or data.ndim < 2:
            raise ValueError(f"samples: expected samples of the data's shape {data.shape[1:]}, got {samples.shape[1:]}")
        if data.ndim == 4:
            return self._pictures(data, samples)
        if data.ndim == 3:
            return self._series(data, samples)
        return self._points(data, samples, outcome.input_names)

    def _pictures(self, data: Array, samples: Array) -> Figure:
        shown = [as_pictures(values[: self.rows**2]) for values in (data, samples)]
        figure = new_figure(3.4)
        for axes, pictures, name in zip(figure.subplots(1, 2), shown, ("data", "samples"), strict=True):
            mosaic(axes, pictures, columns=self.rows, limits=grey_range(shown[0]))
            axes.set_title(name, fontsize=11)
        return figure

    def _series(self, data: Array, samples: Array) -> Figure:
        figure = new_figure(4.4)
        panels = figure.subplots(2, 1, sharex=True, sharey=True)
        for axes, values, name, colour in zip(
            panels, (data, samples), ("data", "samples"), (BLUE, ORANGE), strict=True
        ):
            axes.plot(values[: self.rows, 0].T, color=colour, linewidth=1.0, alpha=0.8)
            tidy(axes, x="place" if name == "samples" else "", y=name)
        return figure

    def _points(self, data: Array, samples: Array, names: tuple[str, ...]) -> Figure:
        figure = new_figure(4.6)
        axes = figure.subplots()
        if data.shape[1] == 1:
            bins = np.histogram_bin_edges(np.concatenate((data, samples)), bins=60).tolist()
            axes.hist(data[:, 0], bins=bins, density=True, color=BLUE, alpha=0.6, label="data")
            axes.hist(samples[:, 0], bins=bins, density=True, color=ORANGE, alpha=0.6, label="samples")
            tidy(axes, x=names[0] if names else "value", y="density")
        else:
            axes.scatter(data[:, 0], data[:, 1], s=5, color=BLUE, alpha=0.6, label="data")
            axes.scatter(samples[:, 0], samples[:, 1], s=5, color=ORANGE, alpha=0.6, label="samples")
            tidy(axes, x=names[0] if names else "first value", y=names[1] if names else "second value")
        legend_above(axes, ["data", "samples"])
        return figure
