import cmath

import pytest
import torch

from mlsci.nets.attention import Block
from mlsci.nets.patches import Patches
from mlsci.nets.rotary import Rotary


def line(length: int, start: int = 0) -> torch.Tensor:
    return torch.arange(start, start + length).unsqueeze(1)


def test_pairs_of_features_turn_as_complex_numbers() -> None:
    rotary = Rotary(line(5), head_dim=4).double()
    x = torch.randn(1, 1, 5, 4, dtype=torch.float64)
    for t in range(5):
        for i, frequency in enumerate((1.0, 0.01)):
            start = complex(x[0, 0, t, i], x[0, 0, t, i + 2])
            end = start * cmath.exp(1j * frequency * t)
            found = rotary(x)[0, 0, t]
            assert complex(found[i], found[i + 2]) == pytest.approx(end, abs=1e-14)


@pytest.mark.parametrize("shape", [(12, 3), (3, 4, 6)])
def test_products_of_equal_queries_and_keys_depend_on_differences_of_positions_alone(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    positions = Patches(net="net", in_shape=shape, patch=1).positions  # (T, axes)
    rotary = Rotary(positions, head_dim=8).double()
    q, k = (torch.randn(8, dtype=torch.float64).expand(1, 1, len(positions), 8) for _ in range(2))
    scores = (rotary(q) @ rotary(k).mT)[0, 0]  # (T, T)
    by_difference: dict[tuple[int, ...], float] = {}
    for i, a in enumerate(positions):
        for j, b in enumerate(positions):
            first = by_difference.setdefault(tuple((a - b).tolist()), float(scores[i, j]))
            assert float(scores[i, j]) == pytest.approx(first, abs=1e-13)
    assert len({round(value, 6) for value in by_difference.values()}) == len(by_difference)


@pytest.mark.parametrize("causal", [True, False])
def test_a_block_gives_the_same_wherever_the_sequence_begins(causal: bool) -> None:
    torch.manual_seed(0)
    block = Block(16, heads=2, rotate=Rotary(line(10), head_dim=8), causal=causal).double()
    x = torch.randn(2, 10, 16, dtype=torch.float64)
    here = block(x)
    block.attention.rotate = Rotary(line(10, start=1000), head_dim=8).double()
    torch.testing.assert_close(block(x), here, rtol=0, atol=1e-12)
    block.attention.rotate = Rotary(2 * line(10), head_dim=8).double()
    assert (block(x) - here).abs().max() > 1e-6


def test_angles_are_exact_after_a_change_of_type() -> None:
    built = Rotary(line(3000), head_dim=8).double().cos
    assert torch.equal(built[:, 0], torch.arange(3000, dtype=torch.float64).cos())


@pytest.mark.parametrize(
    ("shape", "head_dim", "message"), [((6, 2), 5, "1 axis .* 2, got 5"), ((1, 4, 4), 6, "2 axes .* 4, got 6")]
)
def test_features_that_do_not_pair_are_refused(shape: tuple[int, ...], head_dim: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Rotary(Patches(net="net", in_shape=shape, patch=1).positions, head_dim=head_dim)
