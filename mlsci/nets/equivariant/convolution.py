"""Messages of neighbours: every coupling of features with the harmonics of an edge, in one table and one product."""

import torch
from torch import Tensor, nn

from mlsci.nets.equivariant.harmonics import degrees, size
from mlsci.nets.equivariant.radial import ScaledMLP
from mlsci.nets.equivariant.tables import convolution_table


class Convolution(nn.Module):
    """A_i = Σ_j Σ_paths R_path(r_ij) (h_j ⊗ Y(r_ij)) / neighbours, as ((l_edge + 1)², N, channels).

    Args:
        channels: of the features h.
        l_feature: their highest degree.
        l_edge: highest degree of harmonics and messages.
        neighbours: mean number of neighbours of an atom.
        radial: sizes of the radial net, from the basis to its last hidden layer.
    """

    table: Tensor
    of: Tensor

    def __init__(
        self, *, channels: int, l_feature: int, l_edge: int, neighbours: float, radial: tuple[int, ...]
    ) -> None:
        super().__init__()
        found = convolution_table(l_feature, l_edge, l_edge)
        self.channels, self.l_feature, self.neighbours = channels, l_feature, max(neighbours, 1.0)
        self.components = size(l_edge)
        self.paths = len(found.paths)
        self.split = [sum(path[0] == degree for path in found.paths) for degree in range(l_feature + 1)]
        self.radial = ScaledMLP([*radial, self.paths * channels])
        self.register_buffer("table", torch.tensor(found.matrix).flatten(1))  # float64 until the net is cast
        self.register_buffer("of", degrees(l_edge), persistent=False)

    def forward(self, h: Tensor, edges: "Edges") -> Tensor:
        weights = self.radial(edges.basis).view(-1, self.paths, self.channels)  # (P, paths, channels)
        weights = torch.cat([weights, weights])  # (E, paths, channels): the two directions of a pair
        message = self._scalars(h, weights, edges) if self.l_feature == 0 else self._coupled(h, weights, edges)
        atoms = h.shape[1]
        total = torch.zeros(atoms, self.components * self.channels, dtype=h.dtype, device=h.device)
        total = total.index_add(0, edges.receiver, message.flatten(1)) / self.neighbours
        return total.view(atoms, self.components, self.channels).transpose(0, 1)  # (S, N, channels)

    def _scalars(self, h: Tensor, weights: Tensor, edges: "Edges") -> Tensor:
        """A scalar times Y needs no table."""
        sent = h[0].index_select(0, edges.sender)  # (E, channels)
        weighted = (weights * sent.unsqueeze(1)).index_select(1, self.of)  # (E, S, channels)
        return edges.harmonics.unsqueeze(2) * weighted

    def _coupled(self, h: Tensor, weights: Tensor, edges: "Edges") -> Tensor:
        atoms, count = h.shape[1], edges.sender.shape[0]
        sent = h.transpose(0, 1).reshape(atoms, -1).index_select(0, edges.sender)
        sent = sent.view(count, h.shape[0], self.channels)  # (E, features, channels); there may be no edge: no -1
        degrees_of_h = [2 * degree + 1 for degree in range(self.l_feature + 1)]
        rows = [
            (some.unsqueeze(2) * part.unsqueeze(1)).flatten(1, 2)
            for some, part in zip(weights.split(self.split, dim=1), sent.split(degrees_of_h, dim=1), strict=True)
        ]
        coupling = edges.harmonics @ self.table.to(h.dtype)
        coupling = coupling.view(count, self.table.shape[1] // self.components, self.components)  # (E, rows, S)
        return torch.bmm(coupling.transpose(1, 2), torch.cat(rows, dim=1))  # (E, S, channels)


class Edges:
    """Both directions of all pairs: P pairs make E = 2 P edges, the second half against the vectors.

    Args:
        pair_index: (2, P), the first and second atom of each pair.
        harmonics: Y of the pairs' directions, (P, S).
        signs: (-1)^l of each component, (S,).
        basis: radial functions of the pairs, (P, basis).
    """

    def __init__(self, pair_index: Tensor, *, harmonics: Tensor, signs: Tensor, basis: Tensor) -> None:
        first, second = pair_index.unbind()
        self.receiver = torch.cat([first, second])  # (E,)
        self.sender = torch.cat([second, first])  # (E,)
        self.harmonics = torch.cat([harmonics, harmonics * signs])  # (E, S)
        self.basis = basis
