"""Real spherical harmonics of unit vectors, in the order and normalisation of e3nn ("component")."""

import math

import torch
from torch import Tensor

HIGHEST = 3


def size(l_max: int) -> int:
    """The number of components up to degree `l_max`: (l_max + 1)²."""
    return (l_max + 1) ** 2


def degrees(l_max: int) -> Tensor:
    """The degree of each component, ((l_max + 1)²,) int64: 0, 1, 1, 1, 2, ..."""
    return torch.tensor([degree for degree in range(l_max + 1) for _ in range(2 * degree + 1)])


def harmonics(unit: Tensor, l_max: int) -> Tensor:
    """Y_lm of unit vectors (P, 3), as (P, (l_max + 1)²); the squares of one degree l add up to 2l + 1."""
    x, y, z = unit.unbind(-1)
    found = [torch.ones_like(x)]
    if l_max >= 1:
        found += [math.sqrt(3) * value for value in (x, y, z)]
    if l_max >= 2:
        found += _second(x, y, z)
    if l_max >= 3:
        found += _third(x, y, z)
    return torch.stack(found, dim=-1)


def _second(x: Tensor, y: Tensor, z: Tensor) -> list[Tensor]:
    root = math.sqrt(15)
    return [
        root * x * z,
        root * x * y,
        math.sqrt(5) * (y.square() - 0.5 * (x.square() + z.square())),
        root * y * z,
        0.5 * root * (z.square() - x.square()),
    ]


def _third(x: Tensor, y: Tensor, z: Tensor) -> list[Tensor]:
    around = x.square() + z.square()
    twice, difference = 2 * x * z, z.square() - x.square()  # sin and cos of twice the angle about y
    steep = 4 * y.square() - around
    return [
        math.sqrt(35 / 8) * (twice * z + difference * x),
        0.5 * math.sqrt(105) * twice * y,
        math.sqrt(21 / 8) * steep * x,
        math.sqrt(7) / 2 * y * (2 * y.square() - 3 * around),
        math.sqrt(21 / 8) * steep * z,
        0.5 * math.sqrt(105) * difference * y,
        math.sqrt(35 / 8) * (difference * z - twice * x),
    ]
