"""Statistics of random fields: samples of a model beside the truth."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, DoesNotApply, Outcome
from mlsci.plots.style import BLACK, BLUE, GREY, legend_above, new_figure, tidy


@dataclass(frozen=True, kw_only=True)
class FieldStatistics:
    """Power spectrum and its relative error, distribution of values, and peaks by height.

    Takes samples (N, 1, side, side) as `predictions` and true fields as `targets`. Bands are one standard error of the
    means of the samples. Where `notes["distribution"]` has a `power()`, the black line is the exact spectrum.
    """

    def __call__(self, outcome: Outcome) -> Figure:
        samples, truth = (np.asarray(v, dtype=np.float64) for v in (outcome.predictions, outcome.targets))
        if truth.ndim != 4 or truth.shape[-1] != truth.shape[-2] or samples.shape[1:] != truth.shape[1:]:
            raise DoesNotApply("expected square fields")
        if len(samples) < 2:
            raise DoesNotApply("expected at least two samples")
        known = getattr(outcome.notes.get("distribution"), "power", None)
        figure = new_figure(5.6)
        (power, error), (values, peaks) = figure.subplots(2, 2)
        _spectra(power, error, samples, truth, exact=None if known is None else rings(np.asarray(known())[None])[0])
        _values(values, samples, truth)
        _peaks(peaks, samples, truth)
        legend_above(power, ["samples", "truth"])
        return figure


def rings(power: Array) -> Array:
    """Means (..., side // 2) of values at FFT modes (..., side, side) with |k| nearest to 1 ... side // 2."""
    side = power.shape[-1]
    k = np.fft.fftfreq(side, d=1 / side)
    ring = np.rint(np.hypot(k[:, None], k)).astype(int).ravel()
    flat = power.reshape(*power.shape[:-2], -1)
    return np.stack([flat[..., ring == number].mean(axis=-1) for number in range(1, side // 2 + 1)], axis=-1)


def spectra(fields: Array) -> Array:
    """P(k) = <|δ_k|²> / side² of fields (N, C, side, side) in rings: (N, side // 2)."""
    return rings((np.abs(np.fft.fft2(fields)) ** 2).mean(axis=1) / fields.shape[-1] ** 2)


def peak_heights(fields: Array) -> list[Array]:
    """The values of each field (N, C, rows, columns) that are above their eight neighbours over periodic edges."""
    highest = np.full_like(fields, -np.inf)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            if down or right:
                highest = np.maximum(highest, np.roll(fields, (down, right), axis=(-2, -1)))
    return [field[above] for field, above in zip(fields, fields > highest, strict=True)]


def _spectra(power: Axes, error: Axes, samples: Array, truth: Array, *, exact: Array | None) -> None:
    ours, theirs = spectra(samples), spectra(truth)
    k = np.arange(1, ours.shape[1] + 1)
    true = theirs.mean(axis=0) if exact is None else exact
    mean, spread = ours.mean(axis=0), ours.std(axis=0) / np.sqrt(len(ours))
    _band(power, k, mean, spread, true)
    power.set(xscale="log", yscale="log")
    tidy(power, x="wavenumber k (2π / side)", y="power P(k)")
    percent = 100 / true
    _band(error, k, (mean - true) * percent, spread * percent, 0 * true)
    for level in (-2, 2):
        error.axhline(level, color=GREY, linewidth=0.8, linestyle=":")
    tidy(error, x="wavenumber k (2π / side)", y="error of P(k) (%), bar 2 %")


def _values(axes: Axes, samples: Array, truth: Array) -> None:
    beyond = 0.5 * truth.std()
    bins = np.linspace(float(truth.min() - beyond), float(truth.max() + beyond), 61)
    shares = [np.stack([np.histogram(field, bins)[0] for field in part]) / part[0].size for part in (samples, truth)]
    ours, theirs = (share / (bins[1] - bins[0]) for share in shares)
    middle = (bins[1:] + bins[:-1]) / 2
    _band(axes, middle, ours.mean(axis=0), ours.std(axis=0) / np.sqrt(len(ours)), theirs.mean(axis=0))
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.5 * float(theirs.mean(axis=0)[theirs.mean(axis=0) > 0].min()))
    tidy(axes, x="value of a pixel", y="density")


def _peaks(axes: Axes, samples: Array, truth: Array) -> None:
    bins = truth.mean() + truth.std() * np.linspace(-1, 5, 25)
    ours, theirs = (np.stack([np.histogram(h, bins)[0] for h in peak_heights(part)]) for part in (samples, truth))
    middle = (bins[1:] + bins[:-1]) / 2
    _band(axes, middle, ours.mean(axis=0), ours.std(axis=0) / np.sqrt(len(ours)), theirs.mean(axis=0))
    axes.set_ylim(bottom=0)
    tidy(axes, x="height of a peak", y="peaks a field and bin")


def _band(axes: Axes, x: Array, mean: Array, error: Array, true: Array) -> None:
    axes.fill_between(x, mean - error, mean + error, color=BLUE, alpha=0.35, linewidth=0)
    axes.plot(x, mean, color=BLUE, linewidth=1.4, label="samples")
    axes.plot(x, true, color=BLACK, linewidth=1.1, linestyle="--", label="truth")
