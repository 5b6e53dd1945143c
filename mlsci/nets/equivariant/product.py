"""Many-body features: all couplings of one to `order` copies of the summed messages, by one matrix an order."""

from typing import Any

import torch
from torch import Tensor, nn

from mlsci.nets.equivariant.harmonics import size
from mlsci.nets.equivariant.monomials import needed
from mlsci.nets.equivariant.tables import product_table


class Product(nn.Module):
    """B_i = Σ_paths w_path(species_i) (A_i ⊗ ... ⊗ A_i)_path: ((l_max + 1)², N, C) to ((l_out + 1)², N, C).

    The product basis of MACE (Batatia et al., 2022, arXiv:2206.07697): the monomials of components, each made from
    one of the order below, times a table of their independent couplings. The table of all monomials is stored; what
    is in no coupling is not computed.
    """

    matrix: Tensor

    def __init__(self, *, channels: int, l_max: int, l_out: int, order: int, species: int) -> None:
        super().__init__()
        found = product_table(l_max, l_out, order)
        self.channels, self.components, self.order = channels, size(l_max), order
        self.rows = [(2 * degree + 1, paths) for degree, paths in enumerate(found.paths)]
        self.register_buffer("matrix", torch.tensor(found.matrix))  # float64 until the net is cast
        self._factors = [(torch.as_tensor(a), torch.as_tensor(b)) for a, b in zip(found.lower, found.last, strict=True)]
        self.weights = nn.ParameterList(nn.Parameter(torch.empty(species, paths, channels)) for paths in found.paths)
        _choose(self)
        self.register_load_state_dict_post_hook(_choose)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        for weight in self.weights:
            nn.init.normal_(weight, std=1 / max(weight.shape[1], 1))

    def forward(self, a: Tensor, species: Tensor) -> Tensor:
        x = a.reshape(self.components, -1)  # (S, N * channels)
        monomials, coupled = x, self.get_buffer("table1").to(a.dtype) @ x
        for n in range(2, self.order + 1):
            table, lower, last = (self.get_buffer(f"{name}{n}") for name in ("table", "lower", "last"))
            monomials = monomials.index_select(0, lower) * x.index_select(0, last)
            coupled = torch.addmm(coupled, table.to(a.dtype), monomials)  # (rows, N * channels)
        found = []
        parts = coupled.split([count * paths for count, paths in self.rows])
        for (count, paths), weight, part in zip(self.rows, self.weights, parts, strict=True):
            of_atoms = weight.index_select(0, species).transpose(0, 1)  # (paths, N, channels)
            found.append((part.view(count, paths, -1, self.channels) * of_atoms).sum(1))
        return torch.cat(found)  # ((l_out + 1)², N, channels)


def _choose(product: Product, loaded: Any = None) -> None:
    """Take from the table, new or loaded, what is not zero."""
    first, steps = needed(product.matrix, product._factors, components=product.components)
    product.register_buffer("table1", first, persistent=False)
    for n, step in enumerate(steps, start=2):
        for name, values in zip(("table", "lower", "last"), step, strict=True):
            product.register_buffer(f"{name}{n}", values.to(product.matrix.device), persistent=False)
