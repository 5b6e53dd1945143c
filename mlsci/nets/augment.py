"""Random changes of pictures during training, on the whole batch at once and on its device."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mlsci.nets import check_shape

PADDING_MODES = ("zeros", "border", "reflection")
KNOTS = 5  # a side, at which elastic displacements are drawn


class RandomAffine(nn.Module):
    """Turns, shifts, zooms, shears and bends each picture of (B, C, H, W) by its own draw; does nothing in eval.

    Uniform within: `degrees` (angle, +- degrees), `translate` (+- fraction of the side), `scale` (zoom
    within 1 +- scale), `shear` (+- degrees). `elastic` (Simard et al. 2003) is the standard deviation, as a fraction
    of the side, of displacements at 5 x 5 knots, with a cubic between them. Bilinear; `padding_mode` (zeros, border
    or reflection) fills what comes from outside. Draws come from torch's global generator of the device. Raises
    ValueError for ranges out of bounds.
    """

    def __init__(
        self,
        *,
        degrees: float = 10.0,
        translate: float = 0.1,
        scale: float = 0.1,
        shear: float = 0.0,
        elastic: float = 0.0,
        padding_mode: str = "zeros",
    ) -> None:
        super().__init__()
        limits = {"degrees": 180.0, "translate": 1.0, "scale": 0.99, "shear": 89.0, "elastic": 0.5}
        values = {"degrees": degrees, "translate": translate, "scale": scale, "shear": shear, "elastic": elastic}
        for name, limit in limits.items():
            if not 0 <= values[name] <= limit:
                raise ValueError(f"RandomAffine: {name} must be from 0 to {limit}, got {values[name]}")
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"RandomAffine: padding_mode must be in {PADDING_MODES}, got {padding_mode!r}")
        self.degrees, self.translate, self.scale, self.shear = degrees, translate, scale, shear
        self.elastic = elastic
        self.padding_mode = padding_mode

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        check_shape(x, "C", "H", "W")
        draw = 2 * torch.rand(5, len(x), device=x.device) - 1  # (5, B), within -1 and 1
        matrices = sampling_matrices(
            angle=math.radians(self.degrees) * draw[0],
            zoom=1 + self.scale * draw[1],
            shear=math.radians(self.shear) * draw[2],
            shift=self.translate * draw[3:],
            aspect=x.shape[3] / x.shape[2],
        )
        grid = F.affine_grid(matrices.to(x.dtype), list(x.shape), align_corners=False)  # (B, H, W, 2)
        if self.elastic > 0:
            grid = grid + self._bends(x)
        return F.grid_sample(x, grid, padding_mode=self.padding_mode, align_corners=False)  # (B, C, H, W)

    def _bends(self, x: Tensor) -> Tensor:
        """Smooth displacements (B, H, W, 2) in half sides, the unit of `grid_sample`."""
        knots = 2 * self.elastic * torch.randn(len(x), 2, KNOTS, KNOTS, device=x.device, dtype=x.dtype)
        return F.interpolate(knots, size=x.shape[2:], mode="bicubic", align_corners=True).movedim(1, -1)


class GaussianNoise(nn.Module):
    """Adds noise to each input of (B, ...): x + std · scale · n with n ~ N(0, 1); does nothing in eval.

    `scale` are the deviations of the inputs, so that `std` counts in them. Raises ValueError for a
    negative `std`.
    """

    scale: Tensor

    def __init__(self, *, std: float = 0.1, scale: float | Sequence[float] = 1.0) -> None:
        super().__init__()
        if std < 0:
            raise ValueError(f"GaussianNoise: std must not be negative, got {std}")
        self.std = std
        values = scale if isinstance(scale, int | float) else list(scale)
        self.register_buffer("scale", torch.as_tensor(values, dtype=torch.get_default_dtype()))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.std * self.scale * torch.randn_like(x) if self.training else x  # the shape of x


def sampling_matrices(*, angle: Tensor, zoom: Tensor, shear: Tensor, shift: Tensor, aspect: float) -> Tensor:
    """Where each output pixel reads its value, for `affine_grid`: rotation, shear, 1 / zoom, then shift.

    `angle` and `shear` in radians and `zoom`, each (B,); `shift` (2, B) as fractions of width and height;
    `aspect` is width / height, without which a turned picture that is not square would be distorted.
    Returns (B, 2, 3).
    """
    cos, sin, tan = torch.cos(angle) / zoom, torch.sin(angle) / zoom, torch.tan(shear)
    # affine_grid measures in half sides, hence the aspect off the diagonal and the factor 2 in the shift.
    across = torch.stack((cos, (cos * tan - sin) / aspect, 2 * shift[0]), dim=-1)  # (B, 3)
    down = torch.stack((sin * aspect, cos + sin * tan, 2 * shift[1]), dim=-1)  # (B, 3)
    return torch.stack((across, down), dim=1)  # (B, 2, 3)
