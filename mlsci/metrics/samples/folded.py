"""Small classifiers that are trained for all folds of a cross-validation at once, each fold with weights of its own."""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F


class Classifier(Protocol):
    """Trains on x (folds, n, ...) with labels y (n,), 0 or 1, and gives logits (folds, m) of `held` (folds, m, ...)."""

    def __call__(self, x: Tensor, y: Tensor, held: Tensor, *, seed: int) -> Tensor: ...


@dataclass(frozen=True, kw_only=True)
class FoldedMLP:
    """Flat values, standardised by the training part, through hidden layers with SiLU; `hidden: []` is logistic.

    Args:
        hidden: widths.
        steps, batch_size, lr, weight_decay: of AdamW with a cosine schedule.
        passes: at most, over the training part; fewer steps then.
    """

    hidden: tuple[int, ...] | list[int] = (64, 64)
    steps: int = 600
    passes: int = 60
    batch_size: int = 256
    lr: float = 5e-3
    weight_decay: float = 1e-2

    def __call__(self, x: Tensor, y: Tensor, held: Tensor, *, seed: int) -> Tensor:
        x, held = x.flatten(2), held.flatten(2)
        std, mean = torch.std_mean(x, dim=1, keepdim=True)
        std = torch.where(std > 0, std, 1.0)
        x, held = (x - mean) / std, (held - mean) / std
        draw = torch.Generator().manual_seed(seed)
        sizes = [x.shape[-1], *self.hidden, 1]
        shapes = [(len(x), sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]
        weights = [_normal(shape, shape[1], draw, x.device) for shape in shapes]
        weights[-1] = torch.zeros_like(weights[-1])  # no side is preferred at the start
        biases = [torch.zeros(shape[0], 1, shape[2], device=x.device) for shape in shapes]

        def logits(values: Tensor) -> Tensor:
            for i, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
                values = torch.baddbmm(bias, F.silu(values) if i else values, weight)  # (folds, B, width)
            return values[..., 0]

        _train(logits, [*weights, *biases], x, y, settings=self, draw=draw)
        with torch.no_grad():
            return logits(held)


@dataclass(frozen=True, kw_only=True)
class FoldedCNN:
    """Fields (..., channels, H, W) through 3×3 convolutions with periodic padding, halved after each, then means.

    Args:
        channels: of each convolution; the field is halved as long as it can be.
        steps, batch_size, lr, weight_decay: of AdamW with a cosine schedule.
        passes: at most, over the training part; fewer steps then.
    """

    channels: tuple[int, ...] | list[int] = (16, 32, 32)
    steps: int = 400
    passes: int = 20
    batch_size: int = 128
    lr: float = 3e-3
    weight_decay: float = 1e-2

    def __call__(self, x: Tensor, y: Tensor, held: Tensor, *, seed: int) -> Tensor:
        if x.ndim != 5:
            raise ValueError(
                f"FoldedCNN: expected samples (N, channels, H, W), got (N, {', '.join(map(str, x.shape[2:]))})"
            )
        std, mean = torch.std_mean(x)
        folds, draw = len(x), torch.Generator().manual_seed(seed)
        sizes = [x.shape[2], *self.channels]
        shapes = [(folds * sizes[i + 1], sizes[i], 3, 3) for i in range(len(sizes) - 1)]
        kernels = [_normal(shape, 9 * shape[1], draw, x.device) for shape in shapes]
        offsets = [torch.zeros(shape[0], device=x.device) for shape in shapes]
        last = torch.zeros(folds, 2 * sizes[-1], 1, device=x.device)

        def logits(values: Tensor) -> Tensor:
            values = ((values - mean) / std).transpose(0, 1).flatten(1, 2)  # (B, folds · channels, H, W)
            for kernel, offset in zip(kernels, offsets, strict=True):
                padded = F.pad(values, (1, 1, 1, 1), mode="circular")
                values = F.silu(F.conv2d(padded, kernel, offset, groups=folds))
                values = F.avg_pool2d(values, 2) if min(values.shape[-2:]) >= 4 else values
            values = values.unflatten(1, (folds, -1))  # (B, folds, channels, h, w)
            pooled = torch.cat([values.mean(dim=(-2, -1)), values.amax(dim=(-2, -1))], dim=-1)
            return torch.bmm(pooled.transpose(0, 1), last)[..., 0]

        _train(logits, [*kernels, *offsets, last], x, y, settings=self, draw=draw)
        with torch.no_grad():
            return torch.cat([logits(part) for part in held.split(256, dim=1)], dim=1)


def _normal(shape: tuple[int, ...], fan_in: int, draw: torch.Generator, device: torch.device) -> Tensor:
    return (torch.randn(shape, generator=draw) / math.sqrt(fan_in)).to(device)


def _train(logits, parameters: list[Tensor], x: Tensor, y: Tensor, *, settings, draw: torch.Generator) -> None:
    """Minimise the sum over folds of the cross entropy; every fold draws the same numbers of its own samples."""
    steps = max(min(settings.steps, settings.passes * x.shape[1] // settings.batch_size), 1)
    with torch.enable_grad():
        for parameter in parameters:
            parameter.requires_grad_()
        optimizer = torch.optim.AdamW(parameters, lr=settings.lr, weight_decay=settings.weight_decay)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for _ in range(steps):
            index = torch.randint(x.shape[1], (settings.batch_size,), generator=draw).to(x.device)
            labels = y[index].expand(len(x), -1)
            loss = F.binary_cross_entropy_with_logits(logits(x[:, index]), labels, reduction="none").mean(dim=1)
            optimizer.zero_grad()
            loss.sum().backward()
            optimizer.step()
            schedule.step()
