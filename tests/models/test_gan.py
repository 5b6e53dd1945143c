"""GANs: losses and penalties beside their formulas, one count of steps, warnings with numbers."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor, nn

import mlsci
from mlsci.continuing import make_ready
from mlsci.errors import ConfigError, NonFiniteLoss
from mlsci.models.gan import GAN
from mlsci.models.gan_losses import NonSaturating, RelativisticPairing, UnitSlope, Wasserstein, ZeroCentred
from mlsci.nets.film_fourier import FiLMFourier
from mlsci.nets.mlp import MLP
from mlsci.record import RunFolder
from mlsci.run import run as continued

NET = partial(MLP, in_features=1, out_features=1, hidden=32, activation=nn.LeakyReLU(0.2))


def gan(**options) -> GAN:
    """A small one on two values, with its optimizers."""
    torch.manual_seed(0)
    model = GAN(shape=[2], generator=NET, critic=NET, latent=4, **options)
    model.pace.make_optimizer = partial(torch.optim.Adam, lr=4e-3, betas=(0.0, 0.9))
    model.configure_optimizers()
    return model


def test_losses_are_those_of_the_papers() -> None:
    real, fake = torch.randn(6), torch.randn(6)
    pairs = NonSaturating(), RelativisticPairing(), Wasserstein()
    cross = nn.functional.binary_cross_entropy_with_logits
    one, none = torch.ones(6), torch.zeros(6)
    torch.testing.assert_close(pairs[0].critic(real, fake), cross(real, one) + cross(fake, none))
    torch.testing.assert_close(pairs[0].generator(real, fake), cross(fake, one))
    torch.testing.assert_close(pairs[1].critic(real, fake), cross(real - fake, one))
    torch.testing.assert_close(pairs[1].generator(real, fake), cross(fake - real, one))
    assert float(pairs[2].critic(real, fake)) == pytest.approx(float(fake.mean() - real.mean()))
    assert float(pairs[2].generator(real, fake)) == pytest.approx(-float(fake.mean()))


def test_penalties_of_a_linear_critic() -> None:
    real, fake = torch.randn(6, 2), torch.randn(6, 2)

    def score(x: Tensor) -> Tensor:
        return x @ torch.tensor([3.0, 4.0])  # slope 5

    assert float(ZeroCentred(r1=2.0, r2=1.0)(score, real, fake)) == pytest.approx(25 + 12.5)
    assert float(UnitSlope(weight=10.0)(score, real, fake)) == pytest.approx(160)
    for make in (lambda: ZeroCentred(r1=-1.0), lambda: UnitSlope(weight=-1.0)):
        with pytest.raises(ConfigError, match="must not be negative"):
            make()


def test_noise_on_the_grid_of_a_field_is_filtered_by_the_generator() -> None:
    net = partial(FiLMFourier, width=4, layers=1)
    model = GAN(shape=[1, 6, 6], generator=net, critic=net, latent=[1, 6, 6])
    nn.init.normal_(model.generator.net.head.weight)
    assert model.sample(3).shape == (3, 1, 6, 6)
    assert model.score(model.sample(3), torch.zeros(3, 0)).shape == (3,)
    with pytest.raises(ValueError, match=r"latent and critic_steps must be at least 1, got \[1, 0\] and 1"):
        GAN(shape=[1, 6, 6], generator=net, critic=net, latent=[1, 0])


@pytest.mark.parametrize(
    "options",
    [
        {"penalty": ZeroCentred(r1=0.2, r2=0.2)},
        {"adversary": NonSaturating(), "penalty": ZeroCentred(r1=0.2, r2=0.0)},
        {"adversary": Wasserstein(), "penalty": UnitSlope(weight=1.0), "critic_steps": 2},
    ],
    ids=["relativistic", "non-saturating", "wasserstein"],
)
def test_a_shifted_gaussian_is_learned(options) -> None:
    model = gan(**options)
    mean = torch.tensor([2.0, -1.0])
    before = float((model.sample(500).mean(dim=0) - mean).norm().detach())
    for _ in range(150 * model.critic_steps):
        x = mean + torch.randn(64, 2)
        _, scalars = model.step((x, torch.zeros(64)))
    after = float((model.sample(500).mean(dim=0) - mean).norm().detach())
    assert after < 0.5 * before
    assert set(scalars) == {
        "critic", "penalty", "real", "fake", "critic_gradient", "variance_ratio", "generator", "generator_gradient",
    }  # fmt: skip
    assert all(math.isfinite(float(value)) for value in scalars.values())


def test_the_critic_picks_samples_by_the_ratio_of_densities() -> None:
    model = gan(candidates=200)
    model.generator = Known(lambda z: z[:, :2])  # N(0, 1) in both values
    model.critic = Known(lambda x: (0.5 * x.square() - 2 * (x - 1).square()).sum(dim=1, keepdim=True))  # N(1, 1/4)
    samples = model.sample(4000)
    torch.testing.assert_close(samples.mean(dim=0), torch.ones(2), atol=0.05, rtol=0)
    torch.testing.assert_close(samples.std(dim=0), torch.full((2,), 0.5), atol=0.05, rtol=0)


class Known(nn.Module):
    """A function of the input alone in the place of a net."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        return self.function(x)


def test_the_generator_rests_and_the_penalty_fades() -> None:
    def moved(progress: float) -> tuple[list[bool], float, float]:
        model = gan(rest=0.5, penalty_fade=1e-4)
        before = [parameter.clone() for parameter in (*model.generator.parameters(), *model.critic.parameters())]
        model.pace.progress = progress
        _, scalars = model.step((torch.randn(64, 2), torch.zeros(64)))
        nets = (list(model.generator.parameters()), list(model.critic.parameters()))
        now = [any(not torch.equal(before.pop(0), parameter) for parameter in net) for net in nets]
        return now, float(scalars["penalty"]), model.generator_optimizer.param_groups[0]["lr"]

    first, early, late = moved(0.0), moved(0.25), moved(0.5)
    assert (first[0], early[0], late[0]) == ([True, True], [True, True], [False, True])
    assert (first[2], early[2], late[2]) == pytest.approx((4e-3, 2e-3, 0))
    assert early[1] / first[1] == pytest.approx(0.01, rel=1e-3)  # the fade to the power of a half
    assert late[1] == 0


def test_spectral_norm_bounds_every_weight() -> None:
    model = gan(spectral_norm=True)
    for _ in range(20):
        model.step((torch.randn(16, 2), torch.zeros(16)))
    layers = [module for module in model.critic.modules() if isinstance(module, nn.Linear)]
    assert len(layers) == 3
    for layer in layers:
        assert float(torch.linalg.matrix_norm(layer.weight, 2).detach()) < 1.1


def test_a_collapse_and_a_number_that_is_none_are_said_with_the_number() -> None:
    model = gan()
    model.pace.interval = "step"
    model.batches += 1000
    model.logged({"critic": 1.0, "variance_ratio": 0.03})
    with pytest.warns(RuntimeWarning, match=r"mode collapse: the variance of samples is 0.03 of the data's"):
        model.on_train_epoch_end()
    model._trainer = type("T", (), {"global_step": 7, "current_epoch": 1})()
    with pytest.raises(NonFiniteLoss, match=r"critic=nan.*by step"):
        model.logged({"critic": math.nan, "variance_ratio": 0.03})


def run(folder, *overrides: str):
    return mlsci.train(
        [
            "data=digits", "model=gan", "net.hidden=16", "model.critic.hidden=16", "model.critic_steps=2",
            "trainer.limit_train_batches=5", "trainer.max_epochs=2", "callbacks=[checkpoint,ema]", "logger=csv",
            "optimizer=adam", "model.generator_lr=5e-4", "figures={}", "threads=1", f"run.dir={folder}", *overrides,
        ]
    )  # fmt: skip


def test_steps_are_counted_once_and_a_resumed_run_is_the_same(tmp_path) -> None:
    whole = run(tmp_path / "whole", "scheduler=cosine")
    last = torch.load(tmp_path / "whole" / "checkpoints" / "last.ckpt", weights_only=True)
    assert last["global_step"] == 10
    critic, generator = (state["state"][0]["step"] for state in last["optimizer_states"])
    assert (int(generator), int(critic)) == (5, 10)
    table = (tmp_path / "whole" / "metrics.csv").read_text()
    for name in ("train/critic", "train/generator", "train/critic_gradient", "train/variance_ratio", "val/critic"):
        assert name in table
    half = run(tmp_path / "half", "scheduler=cosine", "scheduler.schedule.T_max=10", "trainer.max_epochs=1")
    make_ready(RunFolder(half.folder), ["trainer.max_epochs=2"])
    continued(RunFolder(half.folder))
    again = torch.load(tmp_path / "half" / "checkpoints" / "last.ckpt", weights_only=True)
    for name, tensor in last["state_dict"].items():
        assert torch.equal(tensor, again["state_dict"][name]), name
    assert whole.model.sample(3).shape == (3, 1, 8, 8)
    with pytest.raises(ConfigError, match="accumulate_grad_batches=1"):
        run(tmp_path / "other", "trainer.accumulate_grad_batches=2")
    with pytest.raises(ConfigError, match="LBFGS does not go with it"):
        run(tmp_path / "other", "optimizer=lbfgs")


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="critic_steps must be at least 1"):
        GAN(shape=[2], generator=NET, critic=NET, critic_steps=0)
    for option, value, said in (
        ("penalty_fade", 0.0, "expected a factor above 0, got 0.0"),
        ("rest", 1.0, "from 0 to below 1, got 1.0"),
        ("candidates", 0, "expected at least 1, got 0"),
    ):
        with pytest.raises(ConfigError, match=rf"model\.{option}: .*{said}"):
            gan(**{option: value})
    with pytest.raises(ConfigError, match="the scores of Wasserstein are no odds"):
        gan(candidates=4, adversary=Wasserstein())
