import pytest
import torch
from torch import nn

from mlsci.nets.mlp import MLP


def test_the_number_of_parameters_is_that_of_the_layers() -> None:
    net = MLP(in_features=3, out_features=2, hidden=5, layers=3)
    assert sum(p.numel() for p in net.parameters()) == (3 * 5 + 5) + 2 * (5 * 5 + 5) + (5 * 2 + 2)


def test_an_activation_with_parameters_is_copied_for_every_layer() -> None:
    given = nn.PReLU()
    net = MLP(in_features=3, out_features=2, layers=3, activation=given)
    found = [module for module in net.modules() if isinstance(module, nn.PReLU)]
    assert len({id(module.weight) for module in (given, *found)}) == 4


def test_residual_adds_the_layer_to_its_input() -> None:
    net = MLP(in_features=2, out_features=2, hidden=4, layers=2, residual=True)
    for parameter in net.blocks[1].parameters():
        nn.init.zeros_(parameter)
    x = torch.randn(3, 2)
    torch.testing.assert_close(net(x), net.head(net.blocks[0](x)))


def test_dropout_acts_in_training_only() -> None:
    torch.manual_seed(0)
    net = MLP(in_features=4, out_features=2, dropout=0.5)
    x = torch.randn(8, 4)
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))


def test_no_hidden_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="layers >= 1 hidden layers, got 0"):
        MLP(in_features=2, out_features=1, layers=0)
