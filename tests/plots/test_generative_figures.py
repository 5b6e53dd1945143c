"""Figures of generative models: drawn for their data, left out for others, numbers where they belong."""

import numpy as np
import pytest

from mlsci.plots.interpolation import Interpolation
from mlsci.plots.latent_map import LatentMap
from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.plots.pictures import as_pictures, grey_range, mosaic
from mlsci.plots.reconstructions import Reconstructions
from mlsci.plots.samples import Samples
from mlsci.plots.style import new_figure


def outcome(*shape: int, latent: int = 3, classes: bool = True) -> Outcome:
    random = np.random.default_rng(0)
    data = random.normal(size=(40, *shape))
    told = np.arange(40) % 4 if classes else random.normal(size=(40, 2))
    extras = {
        "condition": told,
        "latent": random.normal(size=(40, latent)) * np.arange(latent, 0, -1),
        "reconstructions": data + 0.1,
        "interpolation": random.normal(size=(3, 9, *shape)),
    }
    return Outcome(inputs=data, predictions=data[::-1], targets=data, classes=tuple("abcd"), extras=extras)


@pytest.mark.parametrize("shape", [(1, 8, 6), (3, 8, 8), (2, 8, 8), (1, 20), (2,), (1,)])
def test_samples_of_every_kind_of_data_are_drawn(shape: tuple[int, ...]) -> None:
    figure = Samples()(outcome(*shape))
    figure.canvas.draw()
    words = [t.get_text() for a in figure.axes for t in (a.title, a.yaxis.label)]
    if a_legend := [a.get_legend() for a in figure.axes if a.get_legend()]:
        words += [t.get_text() for t in a_legend[0].get_texts()]
    assert {"data", "samples"} <= set(words)


@pytest.mark.parametrize("figure", [Reconstructions(), Interpolation()])
def test_codes_are_shown_where_there_are_pictures(figure) -> None:
    figure(outcome(1, 8, 6)).canvas.draw()
    with pytest.raises(DoesNotApply):
        figure(outcome(2))
    with pytest.raises(DoesNotApply, match="no codes"):
        figure(Outcome(inputs=None, predictions=np.zeros(2), targets=np.zeros(2)))


@pytest.mark.parametrize("latent", [1, 2, 5])
@pytest.mark.parametrize("classes", [True, False])
def test_the_map_names_its_axes_and_shares(latent: int, classes: bool) -> None:
    figure = LatentMap()(outcome(2, latent=latent, classes=classes))
    figure.canvas.draw()
    axes = figure.axes[0]
    assert ("% of the variance" in axes.get_xlabel()) == (latent > 2)
    assert len(axes.collections) == (4 if classes else 1)
    with pytest.raises(DoesNotApply, match="no codes"):
        LatentMap()(Outcome(inputs=None, predictions=np.zeros(2), targets=np.zeros(2)))


def test_a_mosaic_puts_every_picture_in_its_place() -> None:
    pictures = np.stack([np.full((2, 3), value) for value in (0.0, 1.0, 0.5)])
    axes = new_figure(2).subplots()
    mosaic(axes, pictures, columns=2, limits=(0.0, 1.0))
    canvas = axes.images[0].get_array()
    assert canvas.shape == (5, 7)
    assert np.all(canvas[:2, :3] == 0)
    assert np.all(canvas[:2, 4:] == 1)
    assert np.all(canvas[3:, :3] == 0.5)
    assert grey_range(np.zeros((2, 2, 2))) == (0.0, 1.0)
    with pytest.raises(DoesNotApply, match="expected pictures"):
        as_pictures(np.zeros((3, 4)))


def test_samples_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="expected samples of the data's shape"):
        Samples()(Outcome(inputs=None, predictions=np.zeros((3, 4)), targets=np.zeros((3, 5))))
