"""E(n)-equivariant graph nets: features and positions move together (Satorras et al., 2021, arXiv:2102.09844)."""

import torch
from torch import Tensor, nn

from mlsci.nets.radial import Envelope, Gaussians, lengths


class EGNN(nn.Module):
    """Features (N, in_features) and positions (N, 3) of points to features (N, out_features) and positions (N, 3).

    Rotating, reflecting or shifting the positions does the same to the positions that come out, and nothing to the
    features. `pair_index` (2, P) holds each pair of points once; messages go both ways. `every_pair` makes it for
    clouds without a cutoff.

    `layers` of `Layer` between two affine maps of the features. `neighbours` is the mean number of points that a
    point is paired with: sums over them are divided by it. With a `cutoff` pairs fade out at that distance.
    Raises ValueError for fewer than one layer.
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        hidden: int = 64,
        layers: int = 4,
        neighbours: float = 1.0,
        cutoff: float | None = None,
    ) -> None:
        super().__init__()
        _check_layers(layers)
        self.envelope = None if cutoff is None else Envelope(cutoff=cutoff)
        self.lift = nn.Linear(in_features, hidden)
        self.layers = nn.ModuleList(Layer(hidden, neighbours=neighbours) for _ in range(layers))
        self.head = nn.Linear(hidden, out_features)

    def forward(self, features: Tensor, positions: Tensor, pair_index: Tensor) -> tuple[Tensor, Tensor]:
        first, second = pair_index.unbind()
        h = self.lift(features)  # (N, hidden)
        fade = None
        if self.envelope is not None:
            fade = self.envelope(lengths(_across(positions, first, second)))  # (P, 1)
        for layer in self.layers:
            h, step = layer(h, _across(positions, first, second), pair_index, fade=fade)  # (N, hidden), (N, 3)
            positions = positions + step  # (N, 3)
        return self.head(h), positions  # (N, out_features), (N, 3)


class EGNNPotential(nn.Module):
    """Energies of atoms (N,), dimensionless, from species (N,), pairs (2, P) and their vectors (P, 3).

    EGNN layers on an embedding of the species; `basis` Gaussians of the distance are features of a pair, and every
    message fades out at the cutoff with value, slope and curvature. The layers move the atoms, which here means
    the vectors of pairs, so that periodic structures need nothing special; the last layer moves none. A net of one
    hidden layer reads the energy off the features.

    `pair_index` holds each pair once. `species` counts the elements, `neighbours` is the mean number of neighbours of
    an atom, `cutoff` in the units of the vectors (Å). Raises ValueError for fewer than one layer and what `Envelope`
    and `Gaussians` refuse.
    """

    def __init__(
        self,
        *,
        species: int,
        cutoff: float,
        neighbours: float,
        hidden: int = 48,
        layers: int = 4,
        basis: int = 8,
    ) -> None:
        super().__init__()
        _check_layers(layers)
        self.embedding = nn.Embedding(species, hidden)
        self.envelope = Envelope(cutoff=cutoff)
        self.gaussians = Gaussians(cutoff=cutoff, count=basis)
        self.layers = nn.ModuleList(
            Layer(hidden, pair_features=basis, neighbours=neighbours, moves=index < layers - 1)
            for index in range(layers)
        )
        self.head = nn.Sequential(nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, 1))

    def forward(self, species: Tensor, pair_index: Tensor, vectors: Tensor) -> Tensor:
        first, second = pair_index.unbind()
        h = self.embedding(species)  # (N, hidden)
        r = lengths(vectors).to(h.dtype)  # (P, 1)
        fade, gaussians = self.envelope(r), self.gaussians(r)  # (P, 1), (P, basis)
        vectors = (vectors / self.envelope.cutoff).to(h.dtype)  # (P, 3), from here on in cutoffs
        for layer in self.layers:
            h, step = layer(h, vectors, pair_index, fade=fade, pair_features=gaussians)  # (N, hidden), (N, 3)
            vectors = vectors + _across(step, first, second)  # (P, 3)
        return self.head(h).squeeze(1)  # (N,)


class Layer(nn.Module):
    """One step of features (N, width), and the step (N, 3) that the points take.

    With v_ij the vector from point i to j and a_ij further features of the pair:
    m_ij = φ_e(h_i, h_j, |v_ij|², a_ij), times `fade` where a pair shall vanish;
    the point moves by -C Σ_j v_ij φ_x(m_ij), and h_i' = h_i + φ_h(h_i, C Σ_j m_ij), C = 1 / neighbours.

    φ_e has one hidden layer and ends in its activation, φ_h and φ_x have one hidden layer. φ_x starts a thousandth
    as steep, as in the authors' code, so that points stay near where they are. Without `moves` there is no φ_x.
    """

    def __init__(self, width: int, *, pair_features: int = 0, neighbours: float = 1.0, moves: bool = True) -> None:
        super().__init__()
        self.scale = 1 / max(neighbours, 1.0)
        self.receiver = nn.Linear(width, width)  # φ_e's first map, by its inputs: done once a point, not once a pair
        self.sender = nn.Linear(width, width, bias=False)
        self.pair = nn.Linear(1 + pair_features, width, bias=False)
        self.message = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.feature = nn.Sequential(nn.Linear(2 * width, width), nn.SiLU(), nn.Linear(width, width))
        self.move = None
        if moves:
            self.move = nn.Sequential(nn.Linear(width, width), nn.SiLU(), Gentle(width, 1, bias=False))

    def forward(
        self,
        h: Tensor,
        vectors: Tensor,
        pair_index: Tensor,
        *,
        fade: Tensor | None = None,
        pair_features: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        receivers, senders = pair_index.flatten(), pair_index.flip(0).flatten()  # (2 P,), both directions
        messages = self._messages(h, vectors, receivers, senders, pair_features)  # (2 P, width)
        fades = None if fade is None else torch.cat([fade, fade])  # (2 P, 1)
        messages = messages if fades is None else messages * fades
        received = torch.zeros_like(h).index_add(0, receivers, messages) * self.scale  # (N, width)
        h_next = h + self.feature(torch.cat([h, received], dim=1))  # (N, width)
        step = vectors.new_zeros(h.shape[0], 3)  # len() would fix N while torch traces
        if self.move is not None:
            pull = self.move(messages)  # (2 P, 1)
            pull = pull if fades is None else pull * fades
            away = torch.cat([-vectors, vectors])  # (2 P, 3)
            step = step.index_add(0, receivers, away * pull) * self.scale  # (N, 3)
        return h_next, step

    def _messages(
        self, h: Tensor, vectors: Tensor, receivers: Tensor, senders: Tensor, pair_features: Tensor | None
    ) -> Tensor:
        """φ_e of every direction of every pair, (2 P, width)."""
        about = [vectors.square().sum(dim=1, keepdim=True)]  # (P, 1)
        about += [] if pair_features is None else [pair_features]
        pair = self.pair(torch.cat(about, dim=1))  # (P, width)
        ends = self.receiver(h).index_select(0, receivers) + self.sender(h).index_select(0, senders)
        return self.message(ends + torch.cat([pair, pair]))  # (2 P, width)


class Gentle(nn.Linear):
    """A linear map that starts a thousandth as steep as Glorot's."""

    def reset_parameters(self) -> None:
        """Draw the weights."""
        nn.init.xavier_uniform_(self.weight, gain=1e-3)


def every_pair(cloud: Tensor) -> Tensor:
    """All pairs (2, P) of points of the same cloud, each once; `cloud` (N,) numbers the cloud of each point."""
    first, second = torch.triu_indices(len(cloud), len(cloud), offset=1, device=cloud.device).unbind()
    together = cloud[first] == cloud[second]
    return torch.stack([first[together], second[together]])


def _across(values: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """From the first to the second point of each pair: values (N, 3) to differences (P, 3)."""
    return values.index_select(0, second) - values.index_select(0, first)


def _check_layers(layers: int) -> None:
    if layers < 1:
        raise ValueError(f"EGNN needs layers >= 1, got {layers}")
