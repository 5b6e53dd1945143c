"""The screened repulsion of nuclei (Ziegler, Biersack & Littmark, 1985), cut off smoothly at touching radii."""

import torch
from ase.data import covalent_radii
from torch import Tensor, nn

COULOMB = 14.399645  # e² / 4πε0 in eV Å (CODATA 2018)
BOHR = 0.529177211  # Å
SHARES = (0.1818, 0.5099, 0.2802, 0.02817)
SLOPES = (3.2, 0.9423, 0.4028, 0.2016)


class ZBL(nn.Module):
    """E = COULOMB Z Z' φ(r / a) / r · s(r / R), with a = 0.8854 BOHR / (Z^0.23 + Z'^0.23), R the sum of covalent radii.

    φ is a sum of four exponentials; s = 1 - 10 x³ + 15 x⁴ - 6 x⁵ takes value, slope and curvature to zero at R.

    Args:
        reach: factor on R.
    """

    radii: Tensor

    def __init__(self, *, reach: float = 1.0) -> None:
        super().__init__()
        if reach <= 0:
            raise ValueError(f"reach: expected above 0, got {reach}")
        self.register_buffer("radii", torch.as_tensor(covalent_radii) * reach, persistent=False)

    def forward(self, first: Tensor, second: Tensor, vectors: Tensor) -> Tensor:
        """Energies (P,) in eV of pairs with atomic numbers (P,), (P,) and vectors (P, 3) in Å."""
        r = vectors.square().sum(dim=1).sqrt()
        length = 0.8854 * BOHR / (first.to(r.dtype) ** 0.23 + second.to(r.dtype) ** 0.23)
        screening = sum(share * torch.exp(-slope * r / length) for share, slope in zip(SHARES, SLOPES, strict=True))
        x = (r / (self.radii[first] + self.radii[second])).clamp(max=1.0)
        switch = 1 - x**3 * (10 - 15 * x + 6 * x.square())
        return COULOMB * first * second / r * screening * switch
