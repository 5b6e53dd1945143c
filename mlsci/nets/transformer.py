"""The transformer for sequences, pictures in patches, and sets (Vaswani et al. 2017; Dosovitskiy et al. 2020)."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from mlsci.nets import check_shape
from mlsci.nets.attention import Block
from mlsci.nets.patches import Patches
from mlsci.nets.rotary import Rotary
from mlsci.nets.sequence import Output, Readout, outputs_each, sequence_shape


class Transformer(nn.Module):
    """Tokens, pre-norm blocks, layer norm and an affine map: (B, T, F) or (B, C, H, W) to outputs.

    A token is `patch` steps of a sequence or `patch` x `patch` pixels of a picture. `positions` are `rotary`,
    `learned`, or `none`, which together with output=mean makes it a function of sets: any order gives the same.
    With `causal` a token sees itself and earlier ones. `output` says what the affine map sees: the `last` token or
    the `mean`, which give (B, out_features), or `each`, which gives (B, T, out_features / T) or
    (B, out_features / (H W), H, W), so that `out_features` counts the values of the whole.

    With `padded`, vectors of zeros fill smaller sets up: they are neither seen nor counted; features that may all
    be zero at once, or that are shifted before, must not be padded so. With `channels_last` false, sequences are
    (B, F, T), outputs of `each` too. Shorter sequences than `in_shape` may come, and sets of any size.
    Raises ValueError for shapes, words and combinations that make no sense.
    """

    def __init__(
        self,
        *,
        in_shape: Sequence[int],
        out_features: int,
        width: int = 64,
        heads: int = 4,
        layers: int = 2,
        patch: int = 1,
        positions: Literal["rotary", "learned", "none"] = "rotary",
        causal: bool = False,
        output: Output = "mean",
        dropout: float = 0.0,
        padded: bool = False,
        channels_last: bool = True,
    ) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise ValueError(f"Transformer: width must be a multiple of heads, got {width} and {heads}")
        _check(positions=positions, causal=causal, output=output, patch=patch, padded=padded, axes=len(in_shape))
        if len(in_shape) == 2:
            in_shape = sequence_shape("Transformer", in_shape, channels_last=channels_last)
        self.turned = len(in_shape) == 2 and not channels_last
        self.patches = Patches(net="Transformer", in_shape=in_shape, patch=patch)
        self.shape = ("T", int(in_shape[1])) if len(in_shape) == 2 else tuple(int(size) for size in in_shape)
        self.longest = None if positions == "none" else self.patches.tokens
        self.padded = padded
        self.embed = nn.Linear(self.patches.features, width)
        self.places: nn.Parameter | None = None
        if positions == "learned":
            self.places = nn.Parameter(0.02 * torch.randn(self.patches.tokens, width))
        rotary = Rotary(self.patches.positions, head_dim=width // heads) if positions == "rotary" else None
        self.blocks = nn.ModuleList(
            Block(width, heads=heads, rotate=rotary, causal=causal, dropout=dropout) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)
        outputs = out_features
        if output == "each":
            points = self.patches.points
            outputs = points * outputs_each("Transformer", out_features, points * self.patches.tokens)
        self.readout = Readout(width, outputs, output=output)

    def forward(self, x: Tensor) -> Tensor:
        if self.turned:
            x = x.movedim(1, -1)  # (B, T, F)
        check_shape(x, *self.shape)
        present = (x != 0).any(dim=2) if self.padded else None  # (B, T)
        h = self.embed(self._tokens(x))  # (B, tokens, width)
        if self.places is not None:
            h = h + self.places[: h.shape[1]]
        mask = None if present is None else visible(present)  # (B, 1, T, T)
        for block in self.blocks:
            h = block(h, mask)  # (B, tokens, width)
        y = self.readout(self.norm(h), present)  # (B, out_features) or (B, tokens, outputs)
        if y.ndim == 2:
            return y
        y = self.patches.inverse(y)  # (B, T, F') or (B, C', H, W)
        return y.movedim(-1, 1) if self.turned else y

    def _tokens(self, x: Tensor) -> Tensor:
        tokens = self.patches(x)  # (B, tokens, features)
        if self.longest is not None and tokens.shape[1] > self.longest:
            raise ValueError(
                f"Transformer: expected at most {self.longest} tokens, as there are positions for no more, "
                f"got {tokens.shape[1]}"
            )
        return tokens


def visible(present: Tensor) -> Tensor:
    """Which columns a row may look at: those that are there, and itself, so that no row sees nothing."""
    itself = torch.eye(present.shape[1], dtype=torch.bool, device=present.device)  # (T, T)
    return present[:, None, None, :] | itself  # (B, 1, T, T)


def _check(*, positions: str, causal: bool, output: str, patch: int, padded: bool, axes: int) -> None:
    """Refuse words and combinations that make no sense. Raises ValueError."""
    if positions not in ("rotary", "learned", "none"):
        raise ValueError(f"Transformer: positions must be rotary, learned or none, got {positions!r}")
    if padded and (causal or positions != "none" or output != "mean" or patch != 1 or axes != 2):
        raise ValueError(
            "Transformer: padded=true is for sets, with positions=none, causal=false, output=mean and patch=1, "
            f"got positions={positions}, causal={str(causal).lower()}, output={output}, patch={patch}"
        )
    if causal and output == "each" and patch > 1:
        raise ValueError(
            f"Transformer: with causal=true and output=each, patch must be 1, as steps of one patch see each other, "
            f"got {patch}"
        )
