"""A committee: members that differ, learn as if alone, and answer with their mean."""

import pytest
import torch
from torch import nn

from mlsci.errors import ConfigError
from mlsci.models.committee import Committee
from mlsci.models.supervised import Supervised
from mlsci.nets.mlp import MLP
from mlsci.nets.scaling import Standardise


def committee(members: int, **options: object) -> Committee:
    torch.manual_seed(0)
    net = MLP(in_features=3, out_features=1, hidden=8)
    return Committee(net=net, members=members, criterion=nn.L1Loss(), shape=[1], **options)


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    return torch.randn(16, 3, generator=draw), torch.randn(16, 1, generator=draw)


def test_the_answer_is_the_mean_and_the_loss_is_that_of_each_alone(batch) -> None:
    scale = Standardise(mean=[1.0], std=[2.0])
    model = committee(3, targets=scale)
    alone = [Supervised(net=net, criterion=nn.L1Loss(), shape=[1], targets=scale) for net in model.net.members]
    answers = torch.stack([one.predict(batch[0]) for one in alone])
    assert answers.std(dim=0).min() > 1e-3
    torch.testing.assert_close(model.predict(batch[0]), answers.mean(dim=0))
    torch.testing.assert_close(model.loss(batch)[0], torch.stack([one.loss(batch)[0] for one in alone]).mean())
    judged = model.evaluate(batch)
    torch.testing.assert_close(judged.loss, nn.functional.l1_loss(scale(answers.mean(dim=0)), scale(batch[1])))
    assert judged.loss < model.loss(batch)[0]


def test_one_member_is_the_net_itself(batch) -> None:
    model = committee(1)
    alone = Supervised(net=model.net.members[0], criterion=nn.L1Loss(), shape=[1])
    assert torch.equal(model.loss(batch)[0], alone.loss(batch)[0])


def test_no_member_s_gradient_depends_on_another(batch) -> None:
    model = committee(2)
    first, second = model.net.members
    model.loss(batch)[0].backward()
    before = [p.grad.clone() for p in first.parameters()]
    model.zero_grad()
    with torch.no_grad():
        for p in second.parameters():
            p.mul_(3)
    model.loss(batch)[0].backward()
    assert all(torch.equal(p.grad, kept) for p, kept in zip(first.parameters(), before, strict=True))


def test_every_member_sees_inputs_of_its_own_augmentation(batch) -> None:
    seen: list[torch.Tensor] = []

    class Noise(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(x + torch.randn_like(x))
            return seen[-1]

    committee(2, augment=Noise()).loss(batch)
    assert len(seen) == 2
    assert not torch.equal(*seen)


def test_nobody_is_no_committee() -> None:
    with pytest.raises(ConfigError, match=r"model\.members: expected at least 1, got 0"):
        committee(0)
