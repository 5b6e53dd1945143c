"""The study of the Ising model: few lattices of it against the law, and a crossing that is not there."""

import torch

from mlsci.models.studies.ising import IsingSampling
from mlsci.science.exact.ising import IsingLaw


def test_it_finds_what_the_law_says() -> None:
    law = IsingLaw(energies=[2.0, 3.0], magnetisations=[2.0], chains=20, transition_chains=30)
    study = IsingSampling(
        side=24, sides=(8, 24), window=(2.2, 2.25, 2.3, 2.35), samples=5, equilibration=12, interval=3
    )
    found, exact = study.measure(law.cases()), law.answers(law.cases())
    assert found.shape == exact.shape == (4, 1)
    assert torch.all((found / exact - 1).abs() < 0.03), found / exact
    assert study.curves()["cumulant/24"].shape == (4,)
    assert [law.label(case) for case in law.cases()] == [
        "energy_T2", "energy_T3", "magnetisation_T2", "critical_temperature",
    ]  # fmt: skip


def test_curves_that_do_not_cross_give_no_number() -> None:
    study = IsingSampling(side=8, sides=(4, 24), window=(2.0, 2.1), samples=5, equilibration=8, interval=2)
    found = study.measure(torch.tensor([[2.0, 0.0, 20.0]], dtype=torch.float64))
    assert torch.isnan(found).all()
