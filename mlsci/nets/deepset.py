"""Deep sets: functions of sets of vectors, of whatever size and order (Zaheer et al. 2017, arXiv:1703.06114)."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from mlsci.nets import check_shape
from mlsci.nets.mlp import MLP
from mlsci.nets.sequence import masked_mean, set_shape


class DeepSet(nn.Module):
    """y = ρ(pool of φ(x_i) over i): sets (B, N, F) of any size N to (B, out_features), in whatever order.

    φ and ρ are multilayer perceptrons of `layers` hidden layers. `pool` is the `mean`, the `sum` (which counts,
    as extensive quantities need it) or the `max`. With `padded`, vectors of zeros fill smaller sets up and are left
    out; features that may all be zero at once, or that are shifted before, must not be padded so.
    Raises ValueError for inputs that are no sets of two vectors or more, and for an unknown `pool`.
    """

    def __init__(
        self,
        *,
        in_shape: Sequence[int],
        out_features: int,
        hidden: int = 64,
        layers: int = 2,
        pool: Literal["mean", "sum", "max"] = "mean",
        activation: nn.Module | None = None,
        dropout: float = 0.0,
        padded: bool = False,
    ) -> None:
        super().__init__()
        _, self.features = set_shape("DeepSet", in_shape)
        if pool not in ("mean", "sum", "max"):
            raise ValueError(f"DeepSet: pool must be mean, sum or max, got {pool!r}")
        self.pool, self.padded = pool, padded
        self.phi = MLP(
            in_features=self.features,
            out_features=hidden,
            hidden=hidden,
            layers=layers,
            activation=activation,
            dropout=dropout,
        )
        self.rho = MLP(
            in_features=hidden,
            out_features=out_features,
            hidden=hidden,
            layers=layers,
            activation=activation,
            dropout=dropout,
        )

    def forward(self, x: Tensor) -> Tensor:
        check_shape(x, "N", self.features)
        h = self.phi(x.flatten(0, 1)).unflatten(0, x.shape[:2])  # (B, N, hidden)
        present = (x != 0).any(dim=2) if self.padded else None  # (B, N)
        return self.rho(self._pooled(h, present))  # (B, out_features)

    def _pooled(self, h: Tensor, present: Tensor | None) -> Tensor:
        if self.pool == "mean":
            return h.mean(dim=1) if present is None else masked_mean(h, present)  # (B, hidden)
        if present is None:
            return h.sum(dim=1) if self.pool == "sum" else h.amax(dim=1)  # (B, hidden)
        absent = ~present.unsqueeze(2)  # (B, N, 1)
        if self.pool == "sum":
            return h.masked_fill(absent, 0.0).sum(dim=1)  # (B, hidden)
        highest = h.masked_fill(absent, float("-inf")).amax(dim=1)  # (B, hidden)
        return highest.masked_fill(absent.all(dim=1), 0.0)  # an empty set
