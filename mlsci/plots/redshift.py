"""Photometric against spectroscopic redshift, with the usual scores of the field (Pasquet et al. 2019)."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, Outcome
from mlsci.plots.points import central, count_bar, outside, padded, points_or_density
from mlsci.plots.style import GREY, VERMILION, new_figure, note, tidy


@dataclass(frozen=True, kw_only=True)
class PhotoZ:
    """z_phot against z_spec above Δz / (1 + z_spec), with Δz = z_phot - z_spec; redshifts are pure numbers.

    NMAD = 1.4826 median|δ - median δ| with δ = Δz / (1 + z_spec); an outlier has |δ| > `outlier`. The lower
    panel is cut at four times `outlier`. Raises ValueError where there is not one target, or z_spec <= -1.
    """

    outlier: float = 0.05

    def __call__(self, outcome: Outcome) -> Figure:
        predictions, targets = outcome.as_regression()
        if targets.shape[1] != 1 or targets.min() <= -1:
            got = f"{targets.shape[1]} targets, smallest {targets.min():.3g}"
            raise ValueError(f"redshift: expected one target above -1, got {got}")
        photometric, spectroscopic = predictions[:, 0], targets[:, 0]
        delta = (photometric - spectroscopic) / (1 + spectroscopic)
        figure = new_figure(6.2)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        limits = padded(central(photometric), spectroscopic)
        self._redshifts(upper, spectroscopic, photometric, limits)
        edges = (-4 * self.outlier, 4 * self.outlier)
        hexagons = points_or_density(lower, spectroscopic, delta, extent=limits + edges, cells=(60, 11))
        count_bar([lower], [hexagons])
        lower.axhline(0, color=GREY, linewidth=1, linestyle="--", zorder=3)
        for edge in (-self.outlier, self.outlier):
            lower.axhline(edge, color=VERMILION, linewidth=1, zorder=3)
        note(lower, outside(delta, edges).strip())
        tidy(lower, x="spectroscopic redshift $z$", y="Δz / (1 + z)")
        outliers = np.mean(np.abs(delta) > self.outlier)
        width = rf"$\sigma_{{\mathrm{{NMAD}}}}$ = {nmad(delta):.4f}"
        scores = f"{width}     outliers {100 * outliers:.2f} %     bias {delta.mean():.1e}"
        figure.suptitle(scores, fontsize=11)
        return figure

    def _redshifts(self, axes: Axes, x: Array, y: Array, limits: tuple[float, float]) -> None:
        count_bar([axes], [points_or_density(axes, x, y, extent=limits + limits)])
        line = np.array(limits)
        axes.plot(line, line, color=GREY, linewidth=1, linestyle="--", zorder=3)
        for sign in (-1, 1):
            label = f"±{self.outlier:g} (1 + z)" if sign > 0 else None
            edge = line + sign * self.outlier * (1 + line)
            axes.plot(line, edge, color=VERMILION, linewidth=1, zorder=3, label=label)
        axes.legend(loc="upper left", fontsize=9)
        tidy(axes, x="", y="photometric redshift")


def nmad(values: Array) -> float:
    """Normalised median absolute deviation: the standard deviation, for a Gaussian, but blind to outliers."""
    return float(1.4826 * np.median(np.abs(values - np.median(values))))
