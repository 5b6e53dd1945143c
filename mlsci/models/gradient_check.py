"""Backpropagation beside central differences in float64."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

STEP = 3e-6  # ε^(1/3) of float64 is 6e-6; a net of high frequencies wants a little less
# Others where that crosses a kink, as of ReLU, or rounding is too large; a wrong gradient agrees with none of them.
STEPS = (STEP, STEP / 10, STEP * 10)
AGREED = 1e-7  # of the largest entry of the tensor's gradient: no further step is tried
FLOOR = 1e-3  # an error of a tensor is measured against its gradient, or this share of the whole gradient


@dataclass(frozen=True)
class GradientError:
    """Relative errors ‖backpropagated - differences‖ / ‖differences‖ of each parameter tensor, and the largest."""

    by_name: dict[str, float]
    along: float  # of derivatives along random directions through all parameters at once

    @property
    def largest(self) -> float:
        """Over all tensors and the directions."""
        return max([self.along, *self.by_name.values()])


def gradient_error(
    loss: Callable[[], Tensor],
    parameters: Iterable[tuple[str, Tensor]],
    *,
    entries: int = 4,
    directions: int = 3,
    seed: int = 0,
) -> GradientError:
    """Compare the gradient of `loss()` with central differences of its values.

    Of every tensor the entries of the largest gradient and some random ones are checked, `entries` in all; and the
    derivative along `directions` random directions, which no parameter is left out of. The random state is the same in
    every call of `loss`, so that dropout leaves out the same units.

    Raises:
        ValueError: no parameters, or some that are not float64.
    """
    named = [(name, p) for name, p in parameters if p.requires_grad]
    if not named or any(p.dtype != torch.float64 for _, p in named):
        raise ValueError(f"gradient_error: expected float64 parameters, got {sorted({str(p.dtype) for _, p in named})}")
    tensors = [p for _, p in named]
    gradients = torch.autograd.grad(_same_random(loss), tensors, materialize_grads=True)
    draw = torch.Generator().manual_seed(seed)
    pairs = {
        name: _entries(loss, p, gradient, count=entries, draw=draw)
        for (name, p), gradient in zip(named, gradients, strict=True)
    }
    whole = float(torch.cat([differences for _, differences in pairs.values()]).norm())
    by_name = {
        name: float((found - differences).norm() / differences.norm().clamp_min(FLOOR * whole or 1e-300))
        for name, (found, differences) in pairs.items()
    }
    return GradientError(by_name=by_name, along=_along(loss, tensors, list(gradients), count=directions, draw=draw))


def _same_random(loss: Callable[[], Tensor]) -> Tensor:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return loss()


def _value(loss: Callable[[], Tensor]) -> float:
    return float(_same_random(loss).detach())


def _entries(
    loss: Callable[[], Tensor], parameter: Tensor, gradient: Tensor, *, count: int, draw: Generator
) -> tuple[Tensor, Tensor]:
    """Backpropagated derivatives and differences, (checked,) each, of some entries of one tensor."""
    largest = gradient.flatten().abs().argsort(descending=True)[: (count + 1) // 2]
    others = torch.randperm(parameter.numel(), generator=draw)[: count // 2]
    chosen = torch.cat([largest.cpu(), others]).unique()
    values = parameter.data  # of whatever memory format
    differences = torch.empty(len(chosen), dtype=torch.float64)
    found = gradient.flatten()[chosen.to(gradient.device)].cpu()
    largest_entry = float(found.abs().max())
    for place, number in enumerate(chosen):
        index = torch.unravel_index(number, values.shape)
        kept, exact = float(values[index]), float(found[place])
        tried = []
        for step in STEPS:
            ends = []
            for sign in (1.0, -1.0):
                values[index] = kept + sign * step
                ends.append(_value(loss))
            values[index] = kept
            tried.append((ends[0] - ends[1]) / (2 * step))
            if abs(tried[-1] - exact) <= AGREED * largest_entry:
                break
        differences[place] = min(tried, key=lambda one: abs(one - exact))
    return found, differences


def _along(
    loss: Callable[[], Tensor], tensors: list[Tensor], gradients: list[Tensor], *, count: int, draw: Generator
) -> float:
    """The relative error of derivatives along random signs of all parameters."""
    found, differences = torch.empty(count, dtype=torch.float64), torch.empty(count, dtype=torch.float64)
    kept = [p.detach().clone() for p in tensors]
    for place in range(count):
        signs = [torch.randint(2, p.shape, generator=draw).to(p) * 2 - 1 for p in tensors]
        size = sum(p.numel() for p in tensors) ** 0.5
        ends = []
        for sign in (1.0, -1.0):
            for p, start, way in zip(tensors, kept, signs, strict=True):
                p.data.copy_(start + sign * STEP / size * way)
            ends.append(_value(loss))
        for p, start in zip(tensors, kept, strict=True):
            p.data.copy_(start)
        differences[place] = (ends[0] - ends[1]) / (2 * STEP)
        found[place] = sum(float((g * way).sum()) for g, way in zip(gradients, signs, strict=True)) / size
    return float((found - differences).norm() / differences.norm().clamp_min(1e-300))
