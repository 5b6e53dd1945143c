"""The symmetries of a domain, drawn in training and averaged over in evaluation, for maps between fields."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from mlsci.nets import check_shape


class SquareSymmetries(nn.Module):
    """The eight turns and reflections of a square, for maps between scalar fields (B, C, N, N) that commute with them.

    In training every pair of fields is turned by a draw of its own from torch's global generator of the device. With
    `average` an evaluated map is the mean over all eight, which commutes with them exactly, for eight passes.

    Raises:
        ValueError: fields that are no squares.
    """

    def __init__(self, *, average: bool = True) -> None:
        super().__init__()
        self.average = average

    def drawn(self, *fields: Tensor) -> tuple[Tensor, ...]:
        """Fields (B, C, N, N) that belong together, each sample of all of them turned alike."""
        x = fields[0]
        rows, columns, swaps = (torch.rand(3, len(x), 1, 1, 1, device=x.device) < 0.5).unbind()
        return tuple(_turned(_square(field), rows=rows, columns=columns, swaps=swaps) for field in fields)

    def averaged(self, net: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """The mean over the group of g⁻¹ net(g x), or net(x) where that is not asked for: (B, C', N, N)."""
        if not self.average:
            return net(x)
        sums = (_with_mirror(net, torch.rot90(_square(x), turns, (2, 3))) for turns in range(4))
        back = [torch.rot90(images, -turns, (2, 3)) for turns, images in enumerate(sums)]
        return torch.stack(back).sum(dim=0) / 8


def _square(x: Tensor) -> Tensor:
    check_shape(x, "C", "N", x.shape[-2])
    return x


def _with_mirror(net: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """net(x), and what it makes of the reflected x, reflected back."""
    return net(x) + net(x.flip(2)).flip(2)


def _turned(x: Tensor, *, rows: Tensor, columns: Tensor, swaps: Tensor) -> Tensor:
    """Rows and columns reversed, then swapped, where the masks (B, 1, 1, 1) say so."""
    x = torch.where(rows, x.flip(2), x)
    x = torch.where(columns, x.flip(3), x)
    return torch.where(swaps, x.transpose(2, 3), x)
