"""Energy, magnetisation and critical temperature of the two-dimensional Ising model (Onsager 1944, Yang 1952)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mlsci.science.ising.onsager import CRITICAL_TEMPERATURE, energy, magnetisation

QUANTITIES = ("energy", "magnetisation", "critical_temperature")


class IsingLaw:
    """u(T), m(T) and T_c of the infinite square lattice, in units of J and J / k_B.

    A case is (number of the quantity in `QUANTITIES`, T, chains to measure it with); T of T_c is not looked at.
    Raises ValueError for temperatures that are not positive, and for magnetisations asked for above T_c, where they
    vanish and have no relative error.
    """

    case_names = ("quantity", "temperature", "chains")
    answer_names = ("value",)

    def __init__(
        self,
        *,
        energies: Sequence[float] = (1.5, 2.0, 2.2, 2.4, 3.0, 4.0),
        magnetisations: Sequence[float] = (1.5, 2.0, 2.2),
        chains: int = 100,
        transition_chains: int = 200,
    ):
        if min([*energies, *magnetisations]) <= 0 or max(magnetisations) >= CRITICAL_TEMPERATURE:
            raise ValueError(
                "expected positive temperatures, for magnetisations below the critical one, got "
                f"{list(energies)} and {list(magnetisations)}"
            )
        self.energies = list(energies)
        self.magnetisations = list(magnetisations)
        self.chains = chains
        self.transition_chains = transition_chains

    def cases(self) -> Tensor:
        rows = [(0, T, self.chains) for T in self.energies] + [(1, T, self.chains) for T in self.magnetisations]
        return torch.tensor([*rows, (2, 0.0, self.transition_chains)], dtype=torch.float64)

    def few(self) -> Tensor:
        rows = [(0, self.energies[0], 2), (1, self.magnetisations[0], 2), (2, 0.0, 16)]
        return torch.tensor(rows, dtype=torch.float64)

    def answers(self, cases: Tensor) -> Tensor:
        laws = (energy, magnetisation, lambda T: CRITICAL_TEMPERATURE)
        rows = [[float(laws[int(quantity)](T))] for quantity, T, _ in cases.tolist()]
        return torch.tensor(rows, dtype=torch.float64)  # (N, 1)

    def label(self, case: Tensor) -> str:
        quantity = QUANTITIES[int(case[0])]
        return quantity if quantity == "critical_temperature" else f"{quantity}_T{float(case[1]):g}"
