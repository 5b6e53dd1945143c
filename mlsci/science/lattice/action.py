"""φ⁴ theory on a periodic square lattice (Albergo, Kanwar and Shanahan 2019, arXiv:1904.12072).

The convention is that of their tutorial (arXiv:2101.08176), without factors of ½ and 1/4!:

    S(φ) = Σ_x [φ(x) (-□φ)(x) + M² φ(x)² + λ φ(x)⁴],   -□φ(x) = 4 φ(x) - Σ over the four neighbours of φ,

so that the free field has the covariance ½ (-□ + M²)⁻¹. Samples have the density exp(-S) / Z.
"""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Phi4Action:
    """S of fields (N, ..., side, side): (N,). M² and λ may differ from field to field, (N, 1, 1, 1).

    Args:
        mass_squared: M², may be negative where λ > 0.
        coupling: λ, at least 0.
    """

    mass_squared: float | Tensor = -4.0
    coupling: float | Tensor = 8.0

    def __call__(self, phi: Tensor) -> Tensor:
        squared = phi.square()
        kinetic = (phi - phi.roll(1, -1)).square() + (phi - phi.roll(1, -2)).square()
        return (kinetic + squared * (self.mass_squared + self.coupling * squared)).flatten(1).sum(dim=1)

    def force(self, phi: Tensor) -> Tensor:
        """dS/dφ, the shape of φ."""
        neighbours = phi.roll(1, -1) + phi.roll(-1, -1) + phi.roll(1, -2) + phi.roll(-1, -2)
        return 2 * ((4 + self.mass_squared + 2 * self.coupling * phi.square()) * phi - neighbours)
