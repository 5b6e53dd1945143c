"""The equivariant network of many-body messages (after MACE, Batatia et al., 2022, arXiv:2206.07697)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mlsci.nets.equivariant.convolution import Convolution, Edges
from mlsci.nets.equivariant.gate import Gate
from mlsci.nets.equivariant.harmonics import HIGHEST, degrees, harmonics
from mlsci.nets.equivariant.linear import DegreeLinear
from mlsci.nets.equivariant.product import Product
from mlsci.nets.equivariant.radial import Bessel, ScaledMLP
from mlsci.nets.radial import Envelope, lengths


class Equivariant(nn.Module):
    """Energies of atoms (N,), dimensionless, from species (N,), pairs (2, P) and their vectors (P, 3).

    Atom i starts as an embedding of its species, h⁰. Each layer sums messages A of its neighbours, multiplies them
    with themselves up to `order` factors (so that a layer sees order + 1 bodies), mixes channels and adds what the
    atom was before: h' = W (A ⊗ ... ⊗ A) + W_species h. A linear map reads an energy off the scalars of every layer,
    a small net off those of the last. Features are arrays ((l + 1)², N, channels) with parity (-1)^l; the energy is
    invariant under rotations and reflections, and smooth (C²) at the cutoff.

    `order=1 gate=true` with more layers is the limit of NequIP (Batzner et al., 2022, arXiv:2101.03164).

    Args:
        species: number of elements.
        cutoff: in the units of the vectors (Å).
        neighbours: mean number of neighbours of an atom, by which messages are divided.
        channels: features of each component.
        l_max: highest degree of harmonics and messages, 0 to 3.
        l_hidden: highest degree of the features between two layers, at most l_max.
        order: factors in a product of messages.
        layers: each lets an atom see one cutoff further.
        basis: number of Bessel functions.
        radial: hidden sizes of the radial nets.
        power: of the polynomial envelope.
        gate: scalars pass a silu after each layer, and scale the features of higher degree by a sigmoid.

    Raises:
        ValueError: degrees, order or layers out of range.
    """

    signs: Tensor

    def __init__(
        self,
        *,
        species: int,
        cutoff: float,
        neighbours: float,
        channels: int = 32,
        l_max: int = 2,
        l_hidden: int = 1,
        order: int = 3,
        layers: int = 2,
        basis: int = 8,
        radial: Sequence[int] = (64, 64, 64),
        power: int = 5,
        gate: bool = False,
    ) -> None:
        super().__init__()
        _check(l_max=l_max, l_hidden=l_hidden, order=order, layers=layers)
        self.l_max = l_max
        self.embedding = nn.Parameter(torch.empty(species, channels))
        self.bessel = Bessel(cutoff=cutoff, count=basis)
        self.envelope = Envelope(cutoff=cutoff, power=power)
        self.register_buffer("signs", 1.0 - 2.0 * (degrees(l_max) % 2), persistent=False)
        self.layers = nn.ModuleList(
            Layer(
                species=species,
                channels=channels,
                l_max=l_max,
                l_in=0 if place == 0 else l_hidden,
                l_out=0 if place == layers - 1 else l_hidden,
                order=order,
                neighbours=neighbours,
                radial=(basis, *radial),
                gate=gate and place < layers - 1,
            )
            for place in range(layers)
        )
        self.readouts = nn.ModuleList(ScaledMLP([channels, 1]) for _ in range(layers - 1))
        self.readouts.append(ScaledMLP([channels, 16, 1]))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the embedding anew; every part draws its own weights."""
        nn.init.normal_(self.embedding)

    def forward(self, species: Tensor, pair_index: Tensor, vectors: Tensor) -> Tensor:
        r = lengths(vectors)  # (P, 1)
        edges = Edges(
            pair_index,
            harmonics=harmonics(vectors / r, self.l_max),
            signs=self.signs,
            basis=self.bessel(r) * self.envelope(r),
        )
        h = self.embedding.index_select(0, species).unsqueeze(0)  # (1, N, channels)
        energy = torch.zeros_like(h[0, :, 0])  # (N,)
        for layer, readout in zip(self.layers, self.readouts, strict=True):
            h = layer(h, species, edges)  # ((l + 1)², N, channels)
            energy = energy + readout(h[0]).squeeze(1)
        return energy


class Layer(nn.Module):
    """h' = W (A ⊗ ... ⊗ A) + W_species h, from ((l_in + 1)², N, channels) to ((l_out + 1)², N, channels)."""

    def __init__(
        self,
        *,
        species: int,
        channels: int,
        l_max: int,
        l_in: int,
        l_out: int,
        order: int,
        neighbours: float,
        radial: tuple[int, ...],
        gate: bool,
    ) -> None:
        super().__init__()
        self.before = DegreeLinear(l_in, channels, channels)
        self.convolution = Convolution(
            channels=channels, l_feature=l_in, l_edge=l_max, neighbours=neighbours, radial=radial
        )
        self.mix = DegreeLinear(l_max, channels, channels)
        self.product = Product(channels=channels, l_max=l_max, l_out=l_out, order=order, species=species)
        self.after = DegreeLinear(l_out, channels, channels)
        self.kept = (min(l_in, l_out) + 1) ** 2  # components that the atom has before and after
        self.residual = nn.Parameter(torch.empty(species, channels, channels))
        self.scale = 1 / math.sqrt(channels)
        self.gate = Gate(l_out, channels) if gate else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights of the residual anew."""
        nn.init.normal_(self.residual)

    def forward(self, h: Tensor, species: Tensor, edges: Edges) -> Tensor:
        summed = self.mix(self.convolution(self.before(h), edges))  # ((l_max + 1)², N, channels)
        new = self.after(self.product(summed, species))  # ((l_out + 1)², N, channels)
        own = (self.residual * self.scale).index_select(0, species)  # (N, channels, channels)
        old = torch.bmm(h[: self.kept].transpose(0, 1), own).transpose(0, 1)  # (kept, N, channels)
        new = torch.cat([new[: self.kept] + old, new[self.kept :]])
        return new if self.gate is None else self.gate(new)


def _check(*, l_max: int, l_hidden: int, order: int, layers: int) -> None:
    if not 0 <= l_max <= HIGHEST:
        raise ValueError(f"l_max: expected 0 to {HIGHEST}, got {l_max}")
    if not 0 <= l_hidden <= l_max:
        raise ValueError(f"l_hidden: expected 0 to l_max ({l_max}), got {l_hidden}")
    if not 1 <= order <= 4:
        raise ValueError(f"order: expected 1 to 4, got {order}")
    if layers < 1:
        raise ValueError(f"layers: expected at least 1, got {layers}")
