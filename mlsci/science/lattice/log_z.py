"""log Z of φ⁴ theory by thermodynamic integration with HMC: from the free field, whose log Z is exact."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mlsci.science.lattice.action import Phi4Action
from mlsci.science.lattice.phi4 import Phi4, free_log_z
from mlsci.science.markov.hmc import HMC


@dataclass(frozen=True)
class LogZ:
    """log Z, its standard error, and the mean of dS/dt at each t of the way (nodes,)."""

    value: float
    stderr: float
    t: Tensor
    slope: Tensor


@dataclass(frozen=True, kw_only=True)
class ThermodynamicIntegration:
    """log Z = log Z_free - ∫₀¹ <S - S_free>_t dt on the way S_t = (1 - t) S_free + t S.

    t = u² at the Gauss-Legendre nodes of u, as the integrand changes fastest near the free field. All nodes run at
    once, and the error comes from the spread of independent chains.

    Args:
        nodes: of the integral.
        chains: a node.
        states: of each chain.
        mass_squared: of the free field, above 0.
        hmc: of all nodes.
        seed: of the chains.
    """

    nodes: int = 16
    chains: int = 64
    states: int = 200
    mass_squared: float = 2.0
    hmc: HMC = HMC(step=0.1, leaps=8, burn_in=100, every=1)  # noqa: RUF009 - frozen
    seed: int = 0

    def __call__(self, theory: Phi4) -> LogZ:
        """log Z of `theory`, in nats."""
        at, width = np.polynomial.legendre.leggauss(self.nodes)
        u, w = torch.from_numpy((at + 1) / 2), torch.from_numpy(width / 2)
        t, weight = u.square(), 2 * u * w
        each = t.repeat_interleave(self.chains)[:, None, None, None]  # (nodes · chains, 1, 1, 1)
        end = theory.action
        mass = (1 - each) * self.mass_squared + each * end.mass_squared
        way = Phi4Action(mass_squared=mass, coupling=each * end.coupling)
        draw = torch.Generator().manual_seed(self.seed)
        start = 0.3 * torch.randn(len(each), *theory.shape, generator=draw, dtype=torch.float64)
        states = self.hmc.run(start, self.states, action=way, force=way.force, draw=draw).states
        squared = states.square()
        change = (end.mass_squared - self.mass_squared) * squared + end.coupling * squared.square()
        means = change.flatten(2).sum(dim=2).mean(dim=0).reshape(self.nodes, self.chains)
        slope, error = means.mean(dim=1), means.std(dim=1) / math.sqrt(self.chains)
        value = free_log_z(theory.side, self.mass_squared) - float(weight @ slope)
        return LogZ(value=value, stderr=float((weight * error).square().sum().sqrt()), t=t, slope=slope)
