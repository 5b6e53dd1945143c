"""A simulation in time: total energy and temperature."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array
from mlsci.plots.style import BLUE, GREY, ORANGE, VERMILION, new_figure, note, tidy

MOST = 2000  # points of a line; more are averaged in groups


def energy_drift(time: Array, energy: Array, *, drift: Array) -> Figure:
    """Total energy against the start, with the straight line of the mean drift.

    Args:
        time: (T,), ps.
        energy: (T, replicas), meV an atom.
        drift: slope of each replica (replicas,), meV an atom and ps.
    """
    figure = new_figure(3.2)
    axes = tidy(figure.subplots(), x="time (ps)", y="energy change (meV/atom)")
    change = np.asarray(energy) - energy[:1]
    _lines(axes, time, change)
    mean = float(np.mean(drift))
    centre = change.mean() + mean * (time - np.mean(time))
    axes.plot(time, centre, color=ORANGE, linestyle="--", linewidth=1.6)
    worst = "" if len(drift) == 1 else f"\nlargest of {len(drift)} replicas {np.abs(drift).max():.2g}"
    note(axes, f"drift {mean:+.2g} meV/atom/ps{worst}")
    axes.margins(y=0.25)
    return figure


def temperature_trace(time: Array, temperature: Array, *, target: float | None, mean: str) -> Figure:
    """Temperature of each moment, its running mean, and the one that was asked for.

    Args:
        time: (T,), ps.
        temperature: (T, replicas), K.
        target: of a thermostat, K; None where there is none.
        mean: the mean and its error, for the note.
    """
    figure = new_figure(3.2)
    axes = tidy(figure.subplots(), x="time (ps)", y="temperature (K)")
    _lines(axes, time, np.asarray(temperature))
    average = np.mean(temperature, axis=1)
    running = np.cumsum(average) / np.arange(1, len(average) + 1)
    axes.plot(time, running, color=VERMILION, linewidth=1.8)
    if target is not None:
        axes.axhline(target, color=GREY, linestyle="--", linewidth=1)
    asked = "" if target is None else f"\nasked for: {target:g} K (dashed)"
    note(axes, f"mean {mean} K (running: red){asked}")
    axes.margins(y=0.25)
    return figure


def _lines(axes: Axes, time: Array, values: Array) -> None:
    """One replica as a line; of several the mean, and a band from the lowest to the highest."""
    group = -(-len(time) // MOST)
    whole = len(time) // group * group
    time = np.asarray(time)[:whole].reshape(-1, group).mean(1)
    values = values[:whole].reshape(len(time), group, -1)
    if group > 1 or values.shape[2] > 1:
        axes.fill_between(time, values.min((1, 2)), values.max((1, 2)), color=BLUE, alpha=0.25, linewidth=0)
    axes.plot(time, values.mean((1, 2)), color=BLUE, linewidth=0.9)
