"""What a potential says of structures, and what it is compared with."""

from dataclasses import dataclass, fields, replace

from torch import Tensor

from mlsci.science.atoms.graph import Batch


@dataclass(frozen=True)
class Properties:
    """What a potential says of G structures with N atoms, in float64.

    Attributes:
        energy: (G,) eV, with the energies of the free atoms.
        forces: (N, 3) eV/Å.
        stress: (G, 3, 3) eV/Å³, dE/dε / V; NaN where there is no volume; None unless asked for.
        force_std: (N,) eV/Å, the length of the members' standard deviation, calibrated; None for a single net.
    """

    energy: Tensor
    forces: Tensor
    stress: Tensor | None = None
    force_std: Tensor | None = None

    def detach(self) -> "Properties":
        """The same without a graph behind it."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return replace(self, **{name: value.detach() for name, value in values.items() if value is not None})


@dataclass(frozen=True)
class Labels:
    """The batch that properties are compared with; its length is the number of structures."""

    batch: Batch

    def __len__(self) -> int:
        return self.batch.num_graphs
