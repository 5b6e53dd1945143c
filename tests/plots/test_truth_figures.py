"""Figures of samples beside known truth: what they count, and where they stay silent."""

from io import BytesIO

import numpy as np
import pytest
import torch

from mlsci.metrics.samples.peaks import peak_counts
from mlsci.metrics.samples.power_spectrum import binned_power
from mlsci.plots.chain import Chain, correlation
from mlsci.plots.field_statistics import FieldStatistics, peak_heights, spectra
from mlsci.plots.modes import Modes
from mlsci.plots.outcome import DoesNotApply, Outcome
from mlsci.science.distributions.gaussian_field import GaussianField
from mlsci.science.distributions.gaussian_grid import GaussianGrid
from mlsci.science.distributions.power_law import PowerLaw
from mlsci.science.markov.autocorrelation import autocorrelation

FIELD = GaussianField(side=16, spectrum=PowerLaw())
GRID = GaussianGrid()


def drawn(distribution, n, seed):
    return distribution.sample(n, draw=torch.Generator().manual_seed(seed))[0].numpy()


def outcome(distribution, n=100, **more):
    values = {"predictions": drawn(distribution, n, 1), "targets": drawn(distribution, n, 2)} | more
    return Outcome(inputs=None, notes={"distribution": distribution}, **values)


CHAIN = outcome(GRID, extras={"chain": np.sin(np.arange(300.0))}, metrics={"test/autocorrelation_time": 1.5})


@pytest.mark.parametrize(
    ("figure", "given"),
    [(FieldStatistics(), outcome(FIELD)), (Modes(), outcome(GRID)), (Chain(), CHAIN)],
)
def test_a_figure_is_drawn_with_all_its_axes_named(figure, given):
    made = figure(given)
    stream = BytesIO()
    made.savefig(stream)
    assert stream.tell() > 10_000
    for axes in made.axes:
        if axes.axison:
            assert axes.get_xlabel()
            assert axes.get_ylabel()


@pytest.mark.parametrize(
    ("figure", "given"),
    [
        (FieldStatistics(), outcome(GRID)),
        (FieldStatistics(), outcome(FIELD, n=1)),
        (Modes(), outcome(FIELD)),
        (Chain(), outcome(GRID)),
    ],
)
def test_a_figure_is_silent_where_it_has_nothing_to_show(figure, given):
    with pytest.raises(DoesNotApply):
        figure(given)


def test_figures_and_metrics_count_alike():
    fields = drawn(FIELD, 20, 3)
    np.testing.assert_allclose(spectra(fields), binned_power(torch.from_numpy(fields)).numpy())
    counts = peak_counts(torch.from_numpy(fields), torch.tensor([0.0])).sum(dim=1).tolist()
    assert [len(heights) for heights in peak_heights(fields)] == counts
    chain = np.random.default_rng(0).normal(size=(200, 3)).cumsum(axis=0)
    np.testing.assert_allclose(correlation(chain), autocorrelation(torch.from_numpy(chain)).rho.numpy(), atol=1e-10)


def test_the_share_of_samples_near_a_mode_is_told():
    samples = drawn(GRID, 1000, 1)
    samples[:100] += 0.9
    label = Modes()(outcome(GRID, predictions=samples)).axes[-1].get_xlabel()
    assert label.startswith("number of the mode: 25 of 25 found, 8")
