import pytest
import torch

from mlsci.nets.patches import Patches


@pytest.mark.parametrize(("shape", "patch"), [((12, 2), 1), ((12, 2), 4), ((3, 4, 6), 1), ((3, 4, 6), 2)])
def test_patches_go_back_to_what_was_cut(shape: tuple[int, ...], patch: int) -> None:
    patches = Patches(net="net", in_shape=shape, patch=patch)
    x = torch.randn(5, *shape)
    tokens = patches(x)
    assert tokens.shape == (5, patches.tokens, patches.features)
    assert torch.equal(patches.inverse(tokens), x)


def test_a_token_is_the_patch_at_its_position() -> None:
    patches = Patches(net="net", in_shape=(3, 4, 6), patch=2)
    x = torch.randn(1, 3, 4, 6)
    for token, (row, column) in zip(patches(x)[0], patches.positions.tolist(), strict=True):
        assert torch.equal(token.view(3, 2, 2), x[0, :, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2])


@pytest.mark.parametrize(
    ("shape", "patch", "message"),
    [
        ((10,), 1, r"net takes sequences .*, sets .* or pictures .*, got inputs of shape \(10,\)"),
        ((1, 8, 9), 4, "patch must divide 8 and 9, got 4"),
        ((12, 2), 5, "patch must divide 12, got 5"),
        ((12, 2), 0, "patch must divide 12, got 0"),
    ],
)
def test_what_cannot_be_cut_is_refused(shape: tuple[int, ...], patch: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Patches(net="net", in_shape=shape, patch=patch)
