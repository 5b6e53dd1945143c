"""SchNet: invariant convolutions with filters of the distance (Schütt et al., 2017, arXiv:1706.08566)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mlsci.nets.radial import Envelope, Gaussians, lengths


class SchNet(nn.Module):
    """Energies of atoms (N,), dimensionless, from species (N,), pairs (2, P) and their vectors (P, 3).

    Atom i starts as an embedding of its species, and each of `layers` interactions adds
    W₃ s(W₂ Σ_j W₁ x_j ∘ g(r_ij) / √neighbours): g is a net of `basis` Gaussians of the distance times an envelope that
    ends at the cutoff with value, slope and curvature, s the softplus shifted to s(0) = 0. A net of one hidden layer
    reads the energy off. Only distances enter, so the energy is invariant and angles are seen by further layers alone.

    `pair_index` holds each pair once; a pair acts on both its atoms. `species` counts the elements, `neighbours` is
    the mean number of neighbours of an atom, `cutoff` in the units of the vectors (Å).
    Raises ValueError for fewer than one layer and what `Envelope` and `Gaussians` refuse.
    """

    def __init__(
        self,
        *,
        species: int,
        cutoff: float,
        neighbours: float,
        hidden: int = 64,
        layers: int = 3,
        basis: int = 32,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ValueError(f"SchNet needs layers >= 1 interactions, got {layers}")
        self.embedding = nn.Embedding(species, hidden)
        self.envelope = Envelope(cutoff=cutoff)
        self.gaussians = Gaussians(cutoff=cutoff, count=basis)
        self.interactions = nn.ModuleList(Interaction(hidden, basis, neighbours=neighbours) for _ in range(layers))
        self.head = nn.Sequential(nn.Linear(hidden, hidden // 2), ShiftedSoftplus(), nn.Linear(hidden // 2, 1))

    def forward(self, species: Tensor, pair_index: Tensor, vectors: Tensor) -> Tensor:
        x = self.embedding(species)  # (N, hidden)
        r = lengths(vectors).to(x.dtype)  # (P, 1)
        gaussians, envelope = self.gaussians(r), self.envelope(r)  # (P, basis), (P, 1)
        first, second = pair_index.unbind()
        for interaction in self.interactions:
            x = x + interaction(x, first, second, gaussians=gaussians, envelope=envelope)  # (N, hidden)
        return self.head(x).squeeze(1)  # (N,)


class Interaction(nn.Module):
    """What neighbours add to the features of atoms (N, width), pair by pair in both directions."""

    def __init__(self, width: int, basis: int, *, neighbours: float) -> None:
        super().__init__()
        self.scale = 1 / math.sqrt(max(neighbours, 1.0))
        self.filter = nn.Sequential(nn.Linear(basis, width), ShiftedSoftplus(), nn.Linear(width, width))
        self.before = nn.Linear(width, width, bias=False)
        self.after = nn.Sequential(nn.Linear(width, width), ShiftedSoftplus(), nn.Linear(width, width))

    def forward(self, x: Tensor, first: Tensor, second: Tensor, *, gaussians: Tensor, envelope: Tensor) -> Tensor:
        weight = self.filter(gaussians) * (envelope * self.scale)  # (P, width), the same in both directions
        sent = self.before(x)  # (N, width)
        received = torch.zeros_like(sent).index_add(0, first, sent.index_select(0, second) * weight)
        received = received.index_add(0, second, sent.index_select(0, first) * weight)  # (N, width)
        return self.after(received)  # (N, width)


class ShiftedSoftplus(nn.Module):
    """ln(1/2 + exp(x)/2), any shape: smooth to every order and 0 at 0."""

    def forward(self, x: Tensor) -> Tensor:
        return F.softplus(x) - math.log(2.0)  # the shape of x
