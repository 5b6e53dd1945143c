"""Studies find what theory says, on small cases."""

from functools import partial

import torch

from mlsci.data.exact import Exact
from mlsci.models.studies.descending_twice import DoubleDescent
from mlsci.models.studies.descent import Descent, best, descend, rate
from mlsci.models.studies.shrinking import Shrinking
from mlsci.models.study import Study
from mlsci.optim.newton import Newton
from mlsci.science.exact.rates import Rates
from mlsci.science.exact.ridgeless import RidgelessRisk
from mlsci.science.exact.shrinkage import METHODS, Shrinkage
from mlsci.science.landscapes import Quadratic


def test_a_rate_is_found_under_a_growing_factor() -> None:
    n = torch.arange(300, dtype=torch.float64)
    assert abs(rate((1 + n) * 0.9**n) - 0.9) < 1e-4
    assert abs(rate(0.5**n) - 0.5) < 1e-9  # which leaves the range of distances on its way


def test_measured_rates_are_the_exact_ones() -> None:
    law, study = Rates(kappa=[10.0]), Descent(methods={"newton": Newton}, general=["newton"], rate_steps=400)
    found, exact = study.measure(law.cases()), law.answers(law.cases())
    torch.testing.assert_close(found, exact, rtol=2e-3, atol=0)


def test_a_worse_step_is_slower_than_the_best_one() -> None:
    quadratic = Quadratic(kappa=10.0)
    slow = descend(quadratic, partial(torch.optim.SGD, lr=0.1), steps=400).abs().amax(dim=1)
    fast = descend(quadratic, best(10.0)["gradient_descent"], steps=400).abs().amax(dim=1)
    assert rate(slow) > 0.89 > rate(fast)


def test_bias_and_variance_are_the_exact_ones() -> None:
    law = Shrinkage(samples=32, features=5)
    cases = torch.tensor([(METHODS.index(m), s) for m, s in [("ols", 0), ("ridge", 0.3), ("lasso", 0.2)]])
    cases = torch.cat([cases, torch.tensor([[3.0, 5.0], [4.0, 0.4]])]).double()
    found, exact = Shrinking(law=law, draws=400).measure(cases), law.answers(cases)
    deviation = (found - exact).abs() / exact.sum(dim=1, keepdim=True)
    assert deviation.max() < 0.1
    assert deviation.mean() < 0.03


def test_the_risk_descends_twice_as_the_law_says() -> None:
    law = RidgelessRisk(gamma=[0.5, 1.5, 3.0])
    found = DoubleDescent(samples=150, designs=1, targets=40).measure(law.cases())
    torch.testing.assert_close(found, law.answers(law.cases()), rtol=0.12, atol=0)


def test_a_study_reports_every_case_and_measures_it_once(tmp_path) -> None:
    data = Exact(law=RidgelessRisk(), files=str(tmp_path))
    data.fake(tmp_path)
    data.setup()
    calls = []

    class Counting(DoubleDescent):
        def measure(self, cases):
            calls.append(len(cases))
            return super().measure(cases)

    study = Study(study=Counting(samples=60, designs=1, targets=2))
    study.fit_at_once(*data.split("train").tensors)
    metrics = study.final_metrics(data)
    assert list(metrics) == ["test/risk_gamma_0.5", "test/risk_gamma_2"]
    outcome = study.outcome(data.pictured())
    assert outcome["predictions"][:, 0].tolist() == list(metrics.values())
    assert calls == [2]
    assert data.spec.input_names == ("features over samples",)
