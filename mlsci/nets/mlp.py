"""The multilayer perceptron."""

from copy import deepcopy

from torch import Tensor, nn

from mlsci.nets import flatten


class MLP(nn.Module):
    """Affine layers with a nonlinearity between them: flattens (B, ...), gives (B, out_features).

    A hidden layer is h' = dropout(activation(norm(W h + b))); with `residual`, h' = h + dropout(...)
    wherever the widths agree, that is in every hidden layer but the first. The output layer is affine.

    `layers` counts the hidden layers, each `hidden` wide. `activation` (GELU unless given) is copied for
    every layer, so that one with parameters learns them separately. `norm` is layer normalisation.
    Raises ValueError for fewer than one hidden layer and for inputs of another size.
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        hidden: int = 64,
        layers: int = 2,
        activation: nn.Module | None = None,
        norm: bool = False,
        dropout: float = 0.0,
        residual: bool = False,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ValueError(f"MLP needs layers >= 1 hidden layers, got {layers}; with none, take net=linear")
        self.in_features = in_features
        self.residual = residual
        self.blocks = nn.ModuleList(
            _block(
                in_features if index == 0 else hidden,
                hidden,
                activation=nn.GELU() if activation is None else activation,
                norm=norm,
                dropout=dropout,
            )
            for index in range(layers)
        )
        self.head = nn.Linear(hidden, out_features)

    def forward(self, x: Tensor) -> Tensor:
        h = flatten(x, self.in_features)  # (B, in_features)
        for index, block in enumerate(self.blocks):
            h = h + block(h) if self.residual and index else block(h)  # (B, hidden)
        return self.head(h)  # (B, out_features)


def _block(in_width: int, width: int, *, activation: nn.Module, norm: bool, dropout: float) -> nn.Sequential:
    parts: list[nn.Module] = [nn.Linear(in_width, width)]
    if norm:
        parts.append(nn.LayerNorm(width))
    parts.append(deepcopy(activation))
    if dropout > 0:
        parts.append(nn.Dropout(dropout))
    return nn.Sequential(*parts)
