"""The forecaster: its rollout against a linear recurrence, its scaling, and that it learns."""

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from mlsci.data.windows import cut
from mlsci.errors import ConfigError
from mlsci.models import least_squares
from mlsci.models.forecaster import Forecaster
from mlsci.models.window_ridge import WindowRidge
from mlsci.nets.linear import Linear
from mlsci.nets.scaling import Standardise
from mlsci.nets.window_scaling import LastValue, WindowMoments
from mlsci.optim.levenberg_marquardt import LevenbergMarquardt


class Fibonacci(nn.Module):
    """The next `steps` values are sums of the last two, per variable."""

    def __init__(self, steps: int = 1, *, flat: bool = False):
        super().__init__()
        self.steps, self.flat = steps, flat

    def forward(self, x):
        rows = list(x.unbind(1))
        for _ in range(self.steps):
            rows.append(rows[-1] + rows[-2])
        found = torch.stack(rows[-self.steps :], dim=1)
        return found.flatten(1) if self.flat else found


def forecaster(net: nn.Module, *, horizon: int = 6, features: int = 2, **options) -> Forecaster:
    scaling = options.pop("scaling", Standardise(mean=[0.0] * features, std=[1.0] * features))
    return Forecaster(net=net, criterion=nn.MSELoss(), shape=(horizon, features), scaling=scaling, bound=1e6, **options)


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("steps", [1, 2, 4, 6, 9])
def test_a_rollout_continues_the_recurrence(steps, flat):
    past = torch.tensor([[[1.0, 2.0], [1.0, 2.0], [2.0, 4.0]]])
    found = forecaster(Fibonacci(steps, flat=flat))(past)
    expected = torch.tensor([3.0, 5, 8, 13, 21, 34])
    torch.testing.assert_close(found[0], torch.stack((expected, 2 * expected), dim=1))


def test_loss_and_evaluation_reach_as_far_as_the_targets():
    model = forecaster(Fibonacci())
    past = torch.tensor([[[1.0, 0.0], [2.0, 0.0]]])
    future = torch.tensor([[[3.0, 0.0], [5.0, 2.0]]])
    assert model.loss((past, future))[0].item() == pytest.approx(1.0)  # one error of 2 among four values
    judged = model.evaluate((past, future))
    assert judged.predictions.shape == judged.targets.shape == (1, 2, 2)


def test_what_is_fed_back_is_bounded_and_stays_finite():
    model = forecaster(nn.Linear(2, 2), horizon=500)
    model.bound = 10.0
    nn.init.constant_(model.net.weight, 50.0)
    found = model(torch.ones(1, 1, 2))
    assert torch.isfinite(found).all()


def test_forecasts_come_back_in_physical_units():
    scaling = Standardise(mean=[100.0, -5.0], std=[10.0, 0.1])
    model = forecaster(Fibonacci(), scaling=scaling).double()
    past = torch.randn(3, 4, 2, dtype=torch.float64)
    torch.testing.assert_close(model(scaling.inverse(past)), scaling.inverse(model.rollout(past, 6)), atol=1e-3, rtol=0)


@pytest.mark.parametrize("window", [LastValue(), WindowMoments(floor=1e-9)])
def test_with_a_window_s_own_zero_a_shifted_past_has_a_shifted_forecast(window):
    torch.manual_seed(0)
    model = forecaster(Linear(in_features=10, out_features=6), horizon=6, window=window).double()
    past = torch.randn(4, 5, 2, dtype=torch.float64)
    torch.testing.assert_close(model.rollout(past + 7.0, 6), model.rollout(past, 6) + 7.0)


def test_with_its_own_deviation_a_window_may_be_of_any_size():
    torch.manual_seed(0)
    model = forecaster(Linear(in_features=10, out_features=12), window=WindowMoments(floor=1e-12)).double()
    past = torch.randn(4, 5, 2, dtype=torch.float64)
    torch.testing.assert_close(model.rollout(30 * past, 6), 30 * model.rollout(past, 6))


def test_a_shortcut_is_added():
    torch.manual_seed(0)
    net, shortcut = (Linear(in_features=10, out_features=12) for _ in range(2))
    past = torch.randn(3, 5, 2)
    both = forecaster(net, shortcut=shortcut)(past)
    torch.testing.assert_close(both, forecaster(net)(past) + forecaster(shortcut)(past))


class Parts:
    """Windows of two parts of one random walk."""

    def __init__(self, *, look_back: int = 5, horizon: int = 6):
        draw = torch.Generator().manual_seed(0)
        walk = torch.randn(160, 2, generator=draw).cumsum(0) * torch.tensor([3.0, 0.1]) + torch.tensor([50.0, -2.0])
        self.parts = {
            name: TensorDataset(*cut(part, look_back=look_back, horizon=horizon, stride=1))
            for name, part in {"train": walk[:100], "val": walk[95:]}.items()
        }

    def has(self, name: str) -> bool:
        return name in self.parts

    def split(self, name: str) -> TensorDataset:
        return self.parts[name]


def ridge(horizon: int = 6) -> WindowRidge:
    return WindowRidge(look_back=5, horizon=horizon, penalties=(1e-3, 1.0, 1e3))


SCALES = {"mean": [50.0, -2.0], "std": [30.0, 1.0]}


@pytest.mark.parametrize("window", [None, LastValue(), WindowMoments()])
def test_a_shortcut_that_is_an_estimator_is_fitted_before_the_first_step(window):
    torch.manual_seed(0)
    data, net = Parts(), Linear(in_features=10, out_features=12)
    model = forecaster(net, shortcut=ridge(), gain=0.0, window=window, scaling=Standardise(**SCALES))
    assert model(torch.zeros(1, 5, 2)).isnan().all()
    model.begin(data)
    alone, parts = ridge(), {}
    for name in ("train", "val"):
        x, y = (model.scaling(values) for values in data.split(name).tensors)
        zero, unit = (0.0, 1.0) if window is None else window(x)
        parts[name] = (x - zero) / unit, (y - zero) / unit
    alone.choose(parts["train"], parts["val"])
    alone.fit(*parts["train"])
    x, _ = data.split("val").tensors
    zero, unit = (0.0, 1.0) if window is None else window(model.scaling(x))
    expected = model.scaling.inverse(alone.predict((model.scaling(x) - zero) / unit).float() * unit + zero)
    torch.testing.assert_close(model(x), expected, rtol=1e-5, atol=1e-5)  # the gain is 0: the shortcut alone
    assert not any(name.startswith("shortcut") for name, _ in model.named_parameters())


def test_a_shortcut_is_fitted_to_the_values_that_the_net_gives_at_once():
    model = forecaster(Linear(in_features=10, out_features=4), shortcut=ridge(2), scaling=Standardise(**SCALES))
    model.begin(Parts())
    x, y = (model.scaling(values) for values in Parts().split("train").tensors)
    alone = ridge(2)
    new, later = (model.scaling(values) for values in Parts().split("val").tensors)
    alone.choose((x, y[:, :2]), (new, later[:, :2]))
    alone.fit(x, y[:, :2])
    torch.testing.assert_close(model.shortcut.weight, alone.weight)


def test_a_shortcut_that_does_not_fit_is_refused():
    model = forecaster(Linear(in_features=10, out_features=12), shortcut=ridge(3))
    with pytest.raises(ConfigError, match=r"model\.shortcut: WindowRidge: expected pasts \(N, 5, F\) and futures"):
        model.begin(Parts())


def test_the_gain_is_a_factor_of_the_net_alone():
    torch.manual_seed(0)
    net, shortcut = (Linear(in_features=10, out_features=12) for _ in range(2))
    past = torch.randn(3, 5, 2)
    found = forecaster(net, shortcut=shortcut, gain=0.25)(past)
    torch.testing.assert_close(found, 0.25 * forecaster(net)(past) + forecaster(shortcut)(past))


@pytest.mark.parametrize("gain", [None, 0.5])
def test_residuals_and_their_jacobian_are_those_of_the_loss(gain):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(10, 7), nn.Tanh(), nn.Linear(7, 4))
    model = forecaster(net, gain=gain, scaling=Standardise(**SCALES)).double()
    batch = tuple(values[:9].double() for values in Parts().split("train").tensors)  # three steps of the net
    residuals = model.residuals(batch)
    loss, _ = model.loss(batch)
    parameters = list(model.parameters())
    rows, jacobian = residuals.jacobian(parameters)
    assert rows.shape == (9 * 6 * 2,)
    torch.testing.assert_close(rows @ rows, loss.detach())
    torch.testing.assert_close(residuals(), rows)
    gradient = torch.cat([part.flatten() for part in torch.autograd.grad(loss, parameters)])
    torch.testing.assert_close(2 * jacobian.T @ rows, gradient)


def test_levenberg_marquardt_finds_a_nonlinear_law():
    torch.manual_seed(0)
    series = [torch.tensor([0.3, 0.4], dtype=torch.float64)]
    for _ in range(200):
        x, y = series[-1]
        series.append(torch.stack((1 - 1.4 * x**2 + y, 0.3 * x)))  # Hénon's map
    batch = cut(torch.stack(series), look_back=1, horizon=1, stride=1)
    net = nn.Sequential(nn.Flatten(), nn.Linear(2, 12), nn.Tanh(), nn.Linear(12, 2))
    model = forecaster(net, horizon=1).double()
    optimizer = LevenbergMarquardt(model.parameters())
    for _ in range(60):
        loss = optimizer.step(model.residuals(batch))
    assert float(loss) < 1e-8


def test_a_jacobian_that_would_fill_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr(least_squares, "LARGEST", 1000)
    model = forecaster(Linear(in_features=6, out_features=12))
    residuals = model.residuals((torch.ones(1, 3, 2), torch.ones(1, 6, 2)))
    with pytest.raises(ConfigError, match="a Jacobian of 12 errors by 84 parameters, allowed are 1,000 numbers"):
        residuals.jacobian(list(model.parameters()))


def test_least_squares_are_of_a_mean_square_of_pasts_as_they_are():
    model = forecaster(Fibonacci())
    model.criterion = nn.L1Loss()
    with pytest.raises(ConfigError, match=r"objective\.loss=torch\.nn\.MSELoss and model\.augment=null, got L1Loss"):
        model.residuals((torch.ones(1, 3, 2), torch.ones(1, 6, 2)))


def test_gradients_run_through_the_whole_rollout():
    net = nn.Linear(1, 1, bias=False)
    nn.init.constant_(net.weight, 0.9)
    forecaster(net, horizon=5, features=1).rollout(torch.ones(1, 1, 1), 5)[:, -1].sum().backward()
    assert float(net.weight.grad) == pytest.approx(5 * 0.9**4)  # of w^5


def test_a_linear_law_is_learnt():
    torch.manual_seed(0)
    time = torch.arange(0, 60) * 0.4
    series = torch.sin(time)[:, None]
    windows = series.unfold(0, 8, 1).transpose(1, 2)
    model = forecaster(Linear(in_features=4, out_features=1), horizon=4, features=1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    first = model.loss((windows[:, :4], windows[:, 4:]))[0].item()
    for _ in range(150):
        optimizer.zero_grad()
        loss, _ = model.loss((windows[:, :4], windows[:, 4:]))
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-2 * first


def test_only_series_are_forecast():
    with pytest.raises(ValueError, match=r"expected targets of shape \(horizon, F\), got \(3,\)"):
        Forecaster(net=nn.Identity(), criterion=nn.MSELoss(), shape=(3,), scaling=Standardise(mean=0.0, std=1.0))
    with pytest.raises(ValueError, match="floor must be positive"):
        WindowMoments(floor=0.0)
