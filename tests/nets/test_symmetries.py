"""The symmetries of a square: pairs turned alike, and maps that commute with all of them when averaged."""

import pytest
import torch
from torch import Tensor

from mlsci.nets.symmetries import SquareSymmetries


def images(x: Tensor) -> list[Tensor]:
    """The eight of (B, C, N, N)."""
    turned = [torch.rot90(x, turns, (2, 3)) for turns in range(4)]
    return turned + [image.flip(2) for image in turned]


def test_pairs_are_turned_alike_and_all_eight_images_come():
    torch.manual_seed(0)
    x = torch.arange(9.0).reshape(1, 1, 3, 3).repeat(400, 1, 1, 1)
    turned, partner = SquareSymmetries().drawn(x, 2 * x)
    assert torch.equal(partner, 2 * turned)
    counts = [(turned == image).all(dim=(1, 2, 3)).sum().item() for image in images(x[:1])]
    assert sum(counts) == 400
    assert min(counts) > 25  # 50 ± 7


def test_the_mean_commutes_with_every_symmetry():
    mix = torch.randn(25, 25, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def net(x: Tensor) -> Tensor:
        return (x.flatten(1) @ mix).tanh().reshape(x.shape)

    x = torch.randn(3, 1, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    symmetric = SquareSymmetries()
    for image, wanted in zip(images(x), images(symmetric.averaged(net, x)), strict=True):
        torch.testing.assert_close(symmetric.averaged(net, image), wanted)
    assert (net(x.flip(2)) - net(x).flip(2)).abs().max() > 0.1
    assert torch.equal(SquareSymmetries(average=False).averaged(net, x), net(x))


def test_fields_that_are_no_squares_are_refused():
    with pytest.raises(ValueError, match=r"expected \(B, C, N, 3\), got \(2, 1, 3, 4\)"):
        SquareSymmetries().drawn(torch.zeros(2, 1, 3, 4))
