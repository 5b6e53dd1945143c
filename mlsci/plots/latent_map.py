"""The map of codes: where a model puts its inputs."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.style import BLUE, new_figure, plain, tidy

LETTERS = 12  # classes that are shown by colour and name; more of them by a colour bar


@dataclass(frozen=True, kw_only=True)
class LatentMap:
    """The codes `extras["latent"]` (N, latent) of data, coloured by class or by the first target.

    Of more than two dimensions the two widest principal axes are shown, and how much of the variance they hold.
    """

    def __call__(self, outcome: Outcome) -> Figure:
        if "latent" not in outcome.extras:
            raise DoesNotApply("this model has no codes")
        codes = np.asarray(outcome.extras["latent"], dtype=np.float64)
        if codes.shape[1] == 1:
            codes = np.column_stack((codes, np.zeros(len(codes))))
        points, names = _plane(codes)
        x, y = points.T
        figure = new_figure(4.8)
        axes = figure.subplots()
        labels = outcome.extras.get("condition")
        flat = None if labels is None or np.size(labels) == 0 else np.asarray(labels).reshape(len(labels), -1)[:, 0]
        if flat is not None and np.issubdtype(flat.dtype, np.integer) and len(np.unique(flat)) <= LETTERS:
            from matplotlib import colormaps

            for index, label in enumerate(np.unique(flat)):
                name = outcome.classes[label] if outcome.classes else str(label)
                colour = colormaps["viridis"](index / max(len(np.unique(flat)) - 1, 1))
                axes.scatter(x[flat == label], y[flat == label], s=9, color=colour, label=plain(name))
            axes.legend(fontsize=9, frameon=False, ncols=2, loc="center left", bbox_to_anchor=(1, 0.5))
        elif flat is not None:
            drawn = axes.scatter(x, y, s=9, c=flat, cmap="viridis")
            figure.colorbar(drawn, ax=axes, label=outcome.target_names[0] if outcome.target_names else "first target")
        else:
            axes.scatter(x, y, s=9, color=BLUE)
        tidy(axes, x=names[0], y=names[1])
        return figure


def _plane(codes: np.ndarray) -> tuple[np.ndarray, tuple[str, str]]:
    """Codes of two dimensions as they are, others along their two widest principal axes; and names of the axes."""
    if codes.shape[1] == 2:
        return codes, ("first latent variable", "second latent variable")
    away = codes - codes.mean(axis=0)
    left, singular, _ = np.linalg.svd(away, full_matrices=False)
    share = singular**2 / max(float((singular**2).sum()), 1e-300)
    labels = tuple(f"latent axis {i + 1} ({100 * share[i]:.0f} % of the variance)" for i in range(2))
    return left[:, :2] * singular[:2], labels  # type: ignore[return-value]
