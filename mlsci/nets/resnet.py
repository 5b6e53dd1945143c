"""A pre-activation residual network for small pictures (He et al., 2016, arXiv:1603.05027)."""

import math
from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from mlsci.nets import check_shape, picture_shape


class ResNet(nn.Module):
    """Residual stages and an average over the picture: (B, C, H, W) to (B, out_features).

    Stage s has `blocks` blocks of `width` * 2**s channels; each stage after the first halves the picture
    as long as at least 2 x 2 pixels are left. `dropout` acts between the two convolutions of a block. The
    average makes the net take any height and width; `in_shape` fixes the channels and where the stages
    halve.
    Raises ValueError for inputs that are not pictures and for no stages or blocks.
    """

    def __init__(
        self,
        *,
        in_shape: Sequence[int],
        out_features: int,
        width: int = 32,
        stages: int = 3,
        blocks: int = 2,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.channels, *size = picture_shape("ResNet", in_shape)
        if stages < 1 or blocks < 1:
            raise ValueError(f"ResNet needs stages and blocks >= 1, got stages={stages}, blocks={blocks}")
        self.stem = nn.Conv2d(self.channels, width, 3, padding=1, bias=False)
        side, previous = min(size), width
        body: list[nn.Module] = []
        for stage in range(stages):
            current, stride = width * 2**stage, 2 if stage and side > 2 else 1
            body.append(PreActivationBlock(previous, current, stride=stride, dropout=dropout))
            body += [PreActivationBlock(current, current, dropout=dropout) for _ in range(blocks - 1)]
            side, previous = math.ceil(side / stride), current
        self.body = nn.Sequential(*body)
        self.norm = nn.BatchNorm2d(previous)
        self.head = nn.Linear(previous, out_features)

    def forward(self, x: Tensor) -> Tensor:
        check_shape(x, self.channels, "H", "W")
        h = self.body(self.stem(x))  # (B, channels, H', W')
        h = F.relu(self.norm(h)).mean(dim=(2, 3))  # (B, channels)
        return self.head(h)  # (B, out_features)


class PreActivationBlock(nn.Module):
    """x + conv(relu(norm(conv(relu(norm(x)))))): (B, in_width, H, W) to (B, width, H', W').

    H' and W' are H and W divided by `stride`, rounded up. Where the shape changes, the shortcut is a
    1 x 1 convolution of relu(norm(x)) instead of x.
    """

    def __init__(self, in_width: int, width: int, *, stride: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_width)
        self.conv1 = nn.Conv2d(in_width, width, 3, stride=stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        changes = stride != 1 or in_width != width
        self.shortcut = nn.Conv2d(in_width, width, 1, stride=stride, bias=False) if changes else None

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.norm1(x))  # (B, in_width, H, W)
        skip = x if self.shortcut is None else self.shortcut(h)  # (B, width, H', W')
        h = self.conv1(h)  # (B, width, H', W')
        h = self.conv2(self.dropout(F.relu(self.norm2(h))))  # (B, width, H', W')
        return skip + h
