import math

import pytest
import torch

from mlsci.nets.schnet import Interaction, SchNet, ShiftedSoftplus


def test_an_interaction_is_its_sum_over_neighbours() -> None:
    torch.manual_seed(0)
    part = Interaction(4, 3, neighbours=2.0).double()
    x = torch.randn(3, 4, dtype=torch.float64)
    gaussians, envelope = torch.rand(2, 3, dtype=torch.float64), torch.rand(2, 1, dtype=torch.float64)
    found = part(x, torch.tensor([0, 0]), torch.tensor([1, 2]), gaussians=gaussians, envelope=envelope)
    g = part.filter(gaussians) * envelope
    sent = x @ part.before.weight.T
    received = torch.stack([sent[1] * g[0] + sent[2] * g[1], sent[0] * g[0], sent[0] * g[1]]) / math.sqrt(2.0)
    torch.testing.assert_close(found, part.after(received))


def test_one_interaction_knows_distances_and_no_angle_two_know_both() -> None:
    def energies(layers: int, angle: float) -> torch.Tensor:
        torch.manual_seed(0)
        net = SchNet(species=1, cutoff=3.0, neighbours=2.0, layers=layers).double()
        far = [2 * math.sin(angle / 2), 0.0, 0.0]  # the third side of the triangle
        vectors = torch.tensor([[1.0, 0, 0], [math.cos(angle), math.sin(angle), 0], far], dtype=torch.float64)
        within = 3 if angle < 3 else 2
        return net(
            torch.zeros(3, dtype=torch.int64), torch.tensor([[0, 0, 1], [1, 2, 2]])[:, :within], vectors[:within]
        )

    assert (energies(1, 1.0)[0] - energies(1, 2.0)[0]).abs() < 1e-12
    assert (energies(2, 1.0)[0] - energies(2, 2.0)[0]).abs() > 1e-6


def test_the_softplus_is_shifted_to_zero() -> None:
    x = torch.tensor([0.0, 1.0, -2.0], dtype=torch.float64)
    torch.testing.assert_close(ShiftedSoftplus()(x), torch.log(0.5 + 0.5 * x.exp()), rtol=1e-12, atol=1e-15)


def test_the_default_size_is_that_of_the_comparisons() -> None:
    net = SchNet(species=3, cutoff=5.0, neighbours=12.0)
    assert 55_000 < sum(p.numel() for p in net.parameters()) < 65_000


def test_no_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="layers >= 1 interactions, got 0"):
        SchNet(species=3, cutoff=5.0, neighbours=12.0, layers=0)
