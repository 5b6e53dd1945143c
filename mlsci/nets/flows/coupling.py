"""Coupling layers (Dinh et al. 2017, arXiv:1605.08803): some values decide how the others are mapped."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from mlsci.nets.conditioned import Conditioned
from mlsci.nets.flows.elementwise import Affine, Elementwise
from mlsci.nets.flows.masks import Checkerboard, Mask, RandomHalves
from mlsci.nets.flows.transform import Chain, Transform


class Coupling(Transform):
    """z = x where `kept`, T(x; p) elsewhere, with p = q(x where kept, 0 elsewhere), q = gain · net.

    With `odd` the parameters are p(a) = (q(a) + reflected q(-a)) / 2 so that the layer commutes with x -> -x
    whatever the net is. `gain` begins at 0.1: the layer begins near the identity.

    Args:
        make: makes the net from (B, *shape) to (B, count · channels, *grid); see `Conditioned`.
        kept: booleans of one input's shape.
        elementwise: the map T and the number of its parameters.
    """

    kept: Tensor

    def __init__(
        self,
        make: Callable[..., nn.Module],
        *,
        kept: Tensor,
        elementwise: Elementwise,
        features: int = 0,
        odd: bool = False,
    ) -> None:
        super().__init__()
        self.shape = tuple(kept.shape)
        self.elementwise = elementwise
        self.odd = odd
        self.register_buffer("kept", kept)
        outputs = (elementwise.count * self.shape[0], *self.shape[1:])
        self.net = Conditioned(make, inputs=self.shape, outputs=outputs, features=features)
        self.gain = nn.Parameter(torch.full((elementwise.count,), 0.1))

    def parameters_of(self, x: Tensor, condition: Tensor) -> Tensor:
        """What the kept values say: (B, *shape, count)."""
        seen = x * self.kept
        p = self._spread(self.net(seen, condition))
        if self.odd:
            p = 0.5 * (p + self.elementwise.reflected(self._spread(self.net(-seen, condition))))
        return p

    def _spread(self, outputs: Tensor) -> Tensor:
        p = outputs.unflatten(1, (self.shape[0], self.elementwise.count)).movedim(2, -1)  # (B, *shape, count)
        return p * self.gain

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        z, log_slope = self.elementwise(x, self.parameters_of(x, condition))
        return torch.where(self.kept, x, z), (log_slope * ~self.kept).flatten(1).sum(dim=1)

    def inverse(self, z: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        x, log_slope = self.elementwise.inverse(z, self.parameters_of(z, condition))
        return torch.where(self.kept, z, x), (log_slope * ~self.kept).flatten(1).sum(dim=1)


class CouplingFlow(Chain):
    """`layers` coupling layers: RealNVP with the affine map, a neural spline flow with the spline.

    Args:
        shape: of one input, (features,) or (channels, *grid).
        net: makes the net of a layer.
        elementwise: the map of the values that are not kept; the affine one unless given.
        masks: (shape, layer) -> what is kept; a checkerboard on grids, random halves of vectors unless given.
        features: of the condition.
        odd: every layer commutes with x -> -x (for the Z2 symmetry of φ⁴ and Gaussian fields).

    Raises:
        ValueError: fewer than two layers, after which some values would be untouched.
    """

    def __init__(
        self,
        *,
        shape: Sequence[int],
        net: Callable[..., nn.Module],
        layers: int = 8,
        elementwise: Elementwise | None = None,
        masks: Mask | None = None,
        features: int = 0,
        odd: bool = False,
    ) -> None:
        if layers < 2:
            raise ValueError(f"CouplingFlow: layers must be at least 2, got {layers}")
        chosen = Affine() if elementwise is None else elementwise
        mask: Mask = (Checkerboard() if len(shape) > 1 else RandomHalves()) if masks is None else masks
        super().__init__(
            [
                Coupling(net, kept=mask(shape, layer), elementwise=chosen, features=features, odd=odd)
                for layer in range(layers)
            ]
        )
