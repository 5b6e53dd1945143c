import copy

import numpy as np
import pytest
import torch

from mlsci.nets.equivariant.product import Product
from mlsci.nets.equivariant.tables import product_table

OPTIONS = [(1, 1, 2), (2, 0, 3), (2, 1, 3), (3, 2, 2), (2, 2, 1), (1, 0, 4)]


def made(l_max: int, l_out: int, order: int) -> Product:
    return Product(channels=3, l_max=l_max, l_out=l_out, order=order, species=2).double()


def by_all_monomials(product: Product, a: torch.Tensor, species: torch.Tensor, l_max: int, l_out: int) -> np.ndarray:
    table = product_table(l_max, l_out, product.order)
    monomials = [a.numpy()]
    for lower, last in zip(table.lower, table.last, strict=True):
        monomials.append(monomials[-1][lower] * a.numpy()[last])
    coupled = np.einsum("rm,mnc->rnc", product.matrix.numpy(), np.concatenate(monomials))
    found, row = [], 0
    for degree, weight in enumerate(product.weights):
        count, paths = 2 * degree + 1, weight.shape[1]
        block = coupled[row : row + count * paths].reshape(count, paths, *coupled.shape[1:])
        found.append(np.einsum("mpnc,npc->mnc", block, weight.detach().numpy()[species]))
        row += count * paths
    return np.concatenate(found)


@pytest.mark.parametrize(("l_max", "l_out", "order"), OPTIONS)
def test_it_is_the_table_times_all_monomials(l_max, l_out, order):
    product = made(l_max, l_out, order)
    a, species = torch.randn((l_max + 1) ** 2, 5, 3, dtype=torch.float64), torch.tensor([0, 1, 1, 0, 1])
    expected = by_all_monomials(product, a, species, l_max, l_out)
    np.testing.assert_allclose(product(a, species).detach().numpy(), expected, atol=1e-12)


def test_only_monomials_that_couple_are_computed():
    product = made(2, 0, 3)
    assert product.matrix.shape == (9, 219)
    assert product.table3.shape[1] < 30  # of 165
    assert product.table2.shape[1] <= 45


def test_a_table_that_is_loaded_decides():
    product, other = made(2, 0, 3), made(2, 0, 3)
    stored = copy.deepcopy(product.state_dict())
    stored["matrix"] = torch.zeros_like(stored["matrix"])
    stored["matrix"][0, -1] = 2.0  # of the cube of the last component, which alone is in no coupling
    other.load_state_dict(stored)
    a, species = torch.randn(9, 4, 3, dtype=torch.float64), torch.zeros(4, dtype=torch.long)
    expected = 2 * a[8] ** 3 * product.weights[0][0, 0]
    torch.testing.assert_close(other(a, species)[0], expected)
    assert set(other.state_dict()) == {"matrix", "weights.0"}
