"""Coefficients that are learned or spanned, observations with noise, and what is refused."""

import math

import pytest
import torch

from mlsci.errors import ConfigError
from mlsci.science.pde.advection import Advection
from mlsci.science.pde.allen_cahn import AllenCahn
from mlsci.science.pde.burgers import Burgers, BurgersIdentify
from mlsci.science.pde.cavity import Cavity
from mlsci.science.pde.darcy import DarcyIdentify
from mlsci.science.pde.friedmann import Friedmann
from mlsci.science.pde.heat import Heat
from mlsci.science.pde.helmholtz import Helmholtz
from mlsci.science.pde.kdv import KdV
from mlsci.science.pde.kuramoto_sivashinsky import ChaoticKuramotoSivashinsky, KuramotoSivashinsky
from mlsci.science.pde.oscillator import Oscillator
from mlsci.science.pde.parameters import Learn, Span
from mlsci.science.pde.poisson import Poisson1d
from mlsci.science.pde.schrodinger import Schrodinger


def test_a_spanned_coefficient_is_a_column_of_the_reference() -> None:
    reference = Heat(a=Span(0.2, 0.6)).reference()
    assert list(reference.axes) == ["x", "t", "a"]
    x, t, a = reference.points.unbind(1)
    assert a.unique().tolist() == pytest.approx([0.2, 0.4, 0.6])
    expected = torch.exp(-(math.pi**2) * a * t) * torch.sin(math.pi * x)
    assert (reference.values[:, 0] - expected).abs().max() < 1e-14
    shape = [len(axis) for axis in reference.axes.values()]
    assert torch.equal(reference.points.reshape(*shape, 3)[0, 0, :, 2], a.unique())


def test_a_learned_coefficient_has_a_reference_only_where_its_value_is_known() -> None:
    known = Advection(c=Learn(initial=1.0, truth=30.0)).reference()
    assert torch.equal(known.values, Advection().reference().values)
    assert Advection(c=Learn(initial=1.0)).reference() is None


def test_observations_carry_the_noise_that_was_asked_for() -> None:
    clean, noisy = BurgersIdentify(), BurgersIdentify(noise=0.1)
    (exact,), (data,) = clean.conditions(), noisy.conditions()
    assert exact.noise is None
    assert data.points.shape == (2000, 2)
    assert len(data.points.unique(dim=0)) == 2000
    difference = data.values["u"] - exact.values["u"]
    assert float(difference.std()) == pytest.approx(0.1 * float(exact.values["u"].std()), rel=0.06)
    assert data.noise == pytest.approx(0.1 * float(exact.values["u"].std()), rel=1e-3)


def test_observations_depend_on_their_seed_alone() -> None:
    def values(seed: int) -> torch.Tensor:
        return BurgersIdentify(noise=0.1, count=50, seed=seed).conditions()[0].values["u"]

    assert torch.equal(values(3), values(3))
    assert not torch.equal(values(3), values(4))


def test_identification_starts_where_it_is_told_and_knows_the_truth() -> None:
    learned = BurgersIdentify().learned
    assert (learned["lambda1"].initial, learned["lambda1"].truth) == (0.0, 1.0)
    assert learned["lambda2"].truth == pytest.approx(0.01 / math.pi)


def test_darcy_scores_the_permeability_and_observes_the_head_only() -> None:
    pde = DarcyIdentify(count=30, noise=0.01)
    data = next(condition for condition in pde.conditions() if condition.kind == "data")
    assert set(data.values) == {"u"}
    assert pde.scored(torch.tensor([[1.0, 2.0]])).tolist() == [[2.0]]


def test_scores_of_amplitude_velocity_and_scale_factor() -> None:
    assert Schrodinger().scored(torch.tensor([[3.0, 4.0]])).tolist() == [[5.0]]
    assert Cavity().scored(torch.tensor([[1.0, 2.0, 9.0]])).tolist() == [[1.0, 2.0]]
    assert Friedmann().scored(torch.zeros(1, 1)).tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("pde", "name"),
    [
        (Burgers(), "burgers"),
        (Burgers(nu=0.01), None),
        (AllenCahn(), "allen_cahn"),
        (AllenCahn(epsilon=1e-3), None),
        (KdV(), None),
        (KdV(mu=0.05), "kdv"),
        (Cavity(), "cavity"),
        (Cavity(reynolds=400), None),
        (Heat(), None),
    ],
)
def test_a_legacy_file_is_named_only_where_it_has_the_same_coefficients(pde, name) -> None:
    assert pde.legacy == name


def test_the_chaotic_case_ends_when_it_is_told() -> None:
    pde = ChaoticKuramotoSivashinsky(t_end=0.2)
    assert pde.inputs["t"] == (0.0, 0.2)
    assert KuramotoSivashinsky().inputs["t"] == ChaoticKuramotoSivashinsky(t_end=1).inputs["t"] == (0.0, 1.0)
    assert ChaoticKuramotoSivashinsky().inputs["t"] == (0.0, 0.5)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Learn(initial=0.0, positive=True), "initial > 0"),
        (lambda: Poisson1d(waves=2.5), "waves"),
        (lambda: Helmholtz(a1=0.5), "a1"),
        (lambda: BurgersIdentify(count=0), "count"),
        (lambda: BurgersIdentify(noise=-1), "noise"),
        (lambda: DarcyIdentify(noise=-1), "noise"),
        (lambda: Oscillator(delta=20), "omega = 20"),
        (lambda: Oscillator(omega=Span(1.5, 3.0)), "omega = 1.5"),
        (lambda: Friedmann(start=0), "start"),
        (lambda: ChaoticKuramotoSivashinsky(t_end=0), "t_end"),
    ],
)
def test_what_makes_no_sense_is_refused(make, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make()
