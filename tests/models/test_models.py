"""Every model learns made-up samples, and comes back from a checkpoint with equal outputs."""

import math

import pytest
import torch
from torch import nn

from mlsci.models.losses import WeightedCrossEntropy
from mlsci.models.student import StudentT
from mlsci.models.supervised import Supervised
from mlsci.nets.augment import GaussianNoise
from mlsci.nets.cnn import CNN
from mlsci.nets.mlp import MLP
from mlsci.nets.scaling import Standardise


def batch(classes: bool):
    """64 samples of a smooth function, or its sign."""
    x = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
    y = (x.sum(1, keepdim=True)).sin() * 5 + 20
    return x, (y[:, 0] > 20).long() if classes else y


def supervised(classes: bool) -> Supervised:
    """A net with the objective of regression or classification."""
    net = MLP(in_features=3, out_features=2 if classes else 1, hidden=32)
    scale = None if classes else Standardise(mean=[20.0], std=[5.0])
    criterion = nn.CrossEntropyLoss() if classes else nn.MSELoss()
    return Supervised(
        net=net, criterion=criterion, targets=scale, output=nn.Softmax(dim=1) if classes else None, shape=[1]
    )


MODELS = {
    "regression": lambda: supervised(False),
    "classification": lambda: supervised(True),
    "student": lambda: StudentT(
        net=MLP(in_features=3, out_features=2, hidden=32), targets=Standardise(mean=[20.0], std=[5.0])
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_loss_falls_and_the_state_comes_back(name):
    torch.manual_seed(0)
    model, data = MODELS[name](), batch(name == "classification")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    first = float(model.loss(data)[0].detach())
    for _ in range(100):
        optimizer.zero_grad()
        loss, _ = model.loss(data)
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < first - 0.3
    again = MODELS[name]()
    again.load_state_dict(model.state_dict())
    with torch.no_grad():
        assert torch.equal(model.eval().predict(data[0]), again.eval().predict(data[0]))


def test_predictions_are_in_physical_units():
    model = supervised(False)
    with torch.no_grad():
        outputs = model.outputs(torch.zeros(4, 3))
        assert torch.allclose(model.predict(torch.zeros(4, 3)), outputs * 5 + 20)
        assert torch.allclose(supervised(True).predict(torch.zeros(4, 3)).sum(1), torch.ones(4))


def test_forecasts_take_the_shape_of_their_targets():
    model = Supervised(net=MLP(in_features=6, out_features=8), criterion=nn.MSELoss(), shape=[4, 2])
    assert model.predict(torch.zeros(5, 3, 2)).shape == (5, 4, 2)


def test_the_student_likelihood_is_that_of_torch():
    model = StudentT(net=nn.Identity(), targets=Standardise(mean=[0.0], std=[1.0]), freedom=4.0, first_width=1.0)
    outputs, y = torch.tensor([[0.3, -0.5], [1.0, 0.2]]), torch.tensor([[0.9], [-2.0]])
    found = model.loss((outputs, y))[0]
    expected = -torch.distributions.StudentT(4.0, outputs[:, :1], outputs[:, 1:].exp()).log_prob(y).mean()
    constant = math.lgamma(2.0) - math.lgamma(2.5) + 0.5 * math.log(4.0 * math.pi)
    assert torch.allclose(found + constant, expected)
    with pytest.raises(ValueError, match="freedom"):
        StudentT(net=nn.Identity(), targets=Standardise(mean=[0.0], std=[1.0]), freedom=0.0)


def test_weighted_cross_entropy_is_that_of_torch():
    logits, y = torch.randn(8, 2), torch.tensor([0, 1] * 4)
    found = WeightedCrossEntropy(weights=[1.0, 2.0])(logits, y)
    assert torch.allclose(found, nn.functional.cross_entropy(logits, y, weight=torch.tensor([1.0, 2.0])))


def test_noise_counts_in_deviations_and_rests_in_evaluation():
    noise = GaussianNoise(std=0.5, scale=[1.0, 10.0])
    x = torch.zeros(20_000, 2)
    assert torch.allclose(noise(x).std(0), torch.tensor([0.5, 5.0]), rtol=0.05)
    assert torch.equal(noise.eval()(x), x)
    with pytest.raises(ValueError, match="negative"):
        GaussianNoise(std=-1.0)


def test_clipped_inputs():
    scale = Standardise(mean=1.0, std=2.0, clip=3.0)
    assert scale(torch.tensor([1.0, 100.0, -100.0])).tolist() == [0.0, 3.0, -3.0]
    with pytest.raises(ValueError, match="clip"):
        Standardise(mean=0.0, std=1.0, clip=0.0)


def test_pooling_by_block():
    net = CNN(in_shape=(1, 8, 8), out_features=3, channels=[4, 4], pooling=[False, True])
    assert net.head[1].in_features == 4 * 4 * 4
    with pytest.raises(ValueError, match="pooling"):
        CNN(in_shape=(1, 8, 8), out_features=3, channels=[4, 4], pooling=[True])
