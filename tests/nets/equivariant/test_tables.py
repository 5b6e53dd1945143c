"""The tables against e3nn, and against the number of couplings that group theory counts."""

import math

import numpy as np
import pytest
import torch
from e3nn import o3

from mlsci.nets.equivariant.harmonics import degrees, harmonics, size
from mlsci.nets.equivariant.tables import convolution_table, product_table


def rotation(l_max: int) -> torch.Tensor:
    """What a rotation does to features up to `l_max`: the matrix that takes Y(u) to Y(R u); e3nn's is exact to 1e-7."""
    turn, _ = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    turn = turn * torch.linalg.det(turn)
    unit = torch.nn.functional.normalize(torch.randn(60, 3, dtype=torch.float64), dim=1)
    return torch.linalg.lstsq(harmonics(unit, l_max), harmonics(unit @ turn.T, l_max)).solution.T


@pytest.mark.parametrize("l_max", range(4))
def test_harmonics_are_those_of_e3nn(l_max):
    unit = torch.nn.functional.normalize(torch.randn(20, 3, dtype=torch.float64), dim=1)
    theirs = o3.spherical_harmonics(list(range(l_max + 1)), unit, normalize=False, normalization="component")
    assert torch.allclose(harmonics(unit, l_max), theirs, atol=1e-13, rtol=0)
    assert degrees(l_max).bincount().tolist() == [2 * degree + 1 for degree in range(l_max + 1)]


@pytest.mark.parametrize(("l_feature", "l_edge"), [(0, 2), (1, 2), (2, 3), (1, 1)])
def test_a_convolution_turns_with_its_inputs(l_feature, l_edge):
    table = convolution_table(l_feature, l_edge, l_edge)
    turn_edge = rotation(l_edge)
    turn_feature = rotation(l_feature)
    y, h = torch.randn(size(l_edge), dtype=torch.float64), torch.randn(size(l_feature), dtype=torch.float64)
    before = messages(table, y, h)
    after = messages(table, turn_edge @ y, turn_feature @ h)
    assert np.allclose(after, (turn_edge @ torch.as_tensor(before).T).T, atol=1e-12)


def messages(table, y: torch.Tensor, h: torch.Tensor) -> np.ndarray:
    """The message of every path by itself, (paths, (l_edge + 1)²)."""
    found, row = [], 0
    for a, _, _ in table.paths:
        block = table.matrix[:, row : row + 2 * a + 1]
        found.append(np.einsum("b,bam,a->m", y.numpy(), block, h[a**2 : (a + 1) ** 2].numpy()))
        row += 2 * a + 1
    return np.stack(found)


@pytest.mark.parametrize(("l_max", "l_out", "order"), [(1, 1, 3), (2, 1, 3), (2, 2, 2), (3, 0, 2), (1, 0, 4)])
def test_a_product_turns_with_its_input(l_max, l_out, order):
    turn = rotation(l_max)
    turn_out = rotation(l_out)
    x = torch.randn(size(l_max), dtype=torch.float64).numpy()
    before, after = (products(product_table(l_max, l_out, order), v) for v in (x, turn.numpy() @ x))
    for degree in range(l_out + 1):
        block = turn_out[degree**2 : (degree + 1) ** 2, degree**2 : (degree + 1) ** 2].numpy()
        assert np.allclose(after[degree], block @ before[degree], atol=1e-11)


def products(table, x: np.ndarray) -> list[np.ndarray]:
    """(2l + 1, paths[l]) for each degree."""
    monomials = [x]
    for lower, last in zip(table.lower, table.last, strict=True):
        monomials.append(monomials[-1][lower] * x[last])
    coupled, found, row = table.matrix @ np.concatenate(monomials), [], 0
    for degree, paths in enumerate(table.paths):
        count = (2 * degree + 1) * paths
        found.append(coupled[row : row + count].reshape(2 * degree + 1, paths))
        row += count
    return found


@pytest.mark.parametrize(("l_max", "order"), [(1, 2), (1, 3), (2, 2), (2, 3), (3, 2), (3, 3), (2, 4)])
def test_a_product_has_all_couplings_and_none_twice(l_max, order):
    table = product_table(l_max, min(l_max, 1), order)
    for degree, paths in enumerate(table.paths):
        assert paths == sum(multiplicity(degree, l_max, n) for n in range(1, order + 1))


def multiplicity(degree: int, l_max: int, order: int) -> int:
    """How often degree l of parity (-1)^l is in the symmetric power of features up to l_max, by characters of O(3)."""
    angles = (np.arange(4000) + 0.5) * math.pi / 4000
    total = 0.0
    for sign in (1, -1):
        powers = [sum((sign**k) ** d * character(d, k * angles) for d in range(l_max + 1)) for k in range(1, order + 1)]
        symmetric = [np.ones_like(angles)]
        for n in range(1, order + 1):  # Newton's identity for complete homogeneous polynomials
            symmetric.append(sum(powers[k - 1] * symmetric[n - k] for k in range(1, n + 1)) / n)
        weight = (1 - np.cos(angles)) / 4000
        total += 0.5 * float((sign**degree * character(degree, angles) * symmetric[order] * weight).sum())
    assert abs(total - round(total)) < 1e-6
    return round(total)


def character(degree: int, angle: np.ndarray) -> np.ndarray:
    return 1 + sum(2 * np.cos(m * angle) for m in range(1, degree + 1))
