"""A Markov chain of an observable: its beginning, and its autocorrelation."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import Array, DoesNotApply, Outcome
from mlsci.plots.style import BLUE, GREY, new_figure, tidy


@dataclass(frozen=True, kw_only=True)
class Chain:
    """`extras["chain"]` (steps,) or (steps, chains): the first steps of one chain, and ρ(t) of all of them.

    Args:
        name: of the observable, for the axis.
        shown: steps of the trace.
        lags: largest t of ρ(t).
    """

    name: str = "|mean field|"
    shown: int = 500
    lags: int = 60

    def __call__(self, outcome: Outcome) -> Figure:
        if "chain" not in outcome.extras:
            raise DoesNotApply("expected a Markov chain")
        chain = np.asarray(outcome.extras["chain"], dtype=np.float64)
        chain = chain.reshape(len(chain), -1)
        figure = new_figure(2.8)
        trace, memory = figure.subplots(1, 2)
        trace.plot(chain[: self.shown, 0], color=BLUE, linewidth=0.8)
        tidy(trace, x="step of the chain", y=self.name)
        rho = correlation(chain)[: self.lags + 1]
        memory.plot(rho, ".-", color=BLUE, linewidth=1.2)
        memory.axhline(0, color=GREY, linewidth=0.8, linestyle=":")
        tau = outcome.metrics.get("test/autocorrelation_time")
        tidy(memory, x="lag t (steps)", y="autocorrelation ρ(t)")
        if tau is not None:
            memory.set_title(f"integrated time τ = {tau:.2f}", fontsize=9.5, loc="right")
        return figure


def correlation(chain: Array) -> Array:
    """ρ(t) (steps,) of chains (steps, chains), about the mean of all of them; zeros where they do not vary."""
    steps = len(chain)
    transformed = np.fft.rfft(chain - chain.mean(), n=2 * steps, axis=0)
    gamma = np.fft.irfft(np.abs(transformed) ** 2, n=2 * steps, axis=0)[:steps].mean(axis=1) / np.arange(steps, 0, -1)
    return gamma / gamma[0] if gamma[0] > 0 else 0 * gamma
