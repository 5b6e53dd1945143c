"""Metropolis chains with independent proposals, such as draws of a flow (Albergo, Kanwar and Shanahan 2019)."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Visits:
    """Which proposal each chain is at after each step (steps, chains), and the share of accepted ones."""

    at: Tensor
    acceptance: float


def independence_chains(log_weights: Tensor, *, draw: torch.Generator) -> Visits:
    """Accept proposal y after x with probability min(1, w(y) / w(x)), for log w = -S - log q, (steps, chains).

    Every chain starts at its first proposal. The visited proposals are samples of exp(-S), exactly in the limit.
    """
    log_weights = log_weights.double().cpu()
    steps, chains = log_weights.shape
    threshold = torch.rand(steps, chains, generator=draw, dtype=torch.float64).log()
    at = torch.zeros(steps, chains, dtype=torch.long)
    current = log_weights[0]
    accepted = 0
    for step in range(1, steps):
        yes = threshold[step] < log_weights[step] - current
        current = torch.where(yes, log_weights[step], current)
        at[step] = torch.where(yes, step, at[step - 1])
        accepted += int(yes.sum())
    return Visits(at=at, acceptance=accepted / max((steps - 1) * chains, 1))
