"""An affine map, the baseline that every deeper net has to beat."""

from torch import Tensor, nn

from mlsci.nets import flatten


class Linear(nn.Module):
    """y = W x + b on the flattened input: (B, ...) to (B, out_features).

    Raises ValueError for an input that does not flatten to `in_features` values a sample.
    """

    def __init__(self, *, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.in_features = in_features
        self.affine = nn.Linear(in_features, out_features, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.affine(flatten(x, self.in_features))  # (B, out_features)
