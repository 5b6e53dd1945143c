"""What a window of a series is measured from and in, taken from the window itself: drifting levels cancel."""

import torch
from torch import Tensor, nn


class LastValue(nn.Module):
    """The last value of the past is the zero of past and future (Zeng et al. 2023, arXiv:2205.13504: NLinear).

    Maps a past (B, L, F) to its zero (B, 1, F) and its unit, which is 1.
    """

    def forward(self, past: Tensor) -> tuple[Tensor, Tensor]:
        zero = past[:, -1:]  # (B, 1, F)
        return zero, torch.ones_like(zero)


class Mean(nn.Module):
    """The mean of the past is the zero of past and future.

    Maps a past (B, L, F) to its zero (B, 1, F) and its unit, which is 1.
    """

    def forward(self, past: Tensor) -> tuple[Tensor, Tensor]:
        zero = past.mean(dim=1, keepdim=True)  # (B, 1, F)
        return zero, torch.ones_like(zero)


class WindowMoments(nn.Module):
    """Mean and deviation of the past are zero and unit (Kim et al. 2022: reversible instance normalisation).

    Maps a past (B, L, F) to both, (B, 1, F). `floor` is added to the variance, in the squared units of the past.
    """

    def __init__(self, *, floor: float = 1e-3):
        super().__init__()
        if floor <= 0:
            raise ValueError(f"WindowMoments: floor must be positive, got {floor}")
        self.floor = floor

    def forward(self, past: Tensor) -> tuple[Tensor, Tensor]:
        variance, mean = torch.var_mean(past, dim=1, correction=0, keepdim=True)  # (B, 1, F)
        return mean, (variance + self.floor).sqrt()
