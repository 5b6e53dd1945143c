import numpy as np
import pytest

from mlsci.errors import ConfigError
from mlsci.science.atoms.named import FORMULAS, named

pytest.importorskip("ase")
OWN = {  # atoms by element
    "acetylacetone": "C5H8O2",
    "alanine_dipeptide": "C6H12N2O2",
    "aspirin": "C9H8O4",
    "azobenzene": "C12H10N2",
    "malonaldehyde": "C3H4O2",
    "naphthalene": "C10H8",
    "paracetamol": "C8H9NO2",
    "salicylic_acid": "C7H6O3",
    "toluene": "C7H8",
    "uracil": "C4H4N2O2",
}


@pytest.mark.parametrize("name", [*OWN, *FORMULAS, "CH3CH2OH"])
def test_a_named_molecule_is_one_with_bonds_of_sound_length(name):
    structure = named(name)
    apart = np.linalg.norm(structure.positions[:, None] - structure.positions[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert apart.min() > 0.9
    assert apart.min(axis=1).max() < 1.6  # no atom alone
    if name in OWN:
        assert structure.to_ase().get_chemical_formula("hill") == OWN[name]


def test_acetylacetone_is_the_enol_with_its_hydrogen_bond():
    structure = named("acetylacetone")
    oxygen, hydrogen = structure.positions[structure.numbers == 8], structure.positions[structure.numbers == 1]
    distances = np.sort(np.linalg.norm(hydrogen[:, None] - oxygen[None], axis=2), axis=1)
    bonded = distances[distances[:, 0] < 1.1]
    assert bonded.shape == (1, 2)
    assert bonded[0, 1] < 1.8


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ConfigError, match=r"molecule: no 'ethanole'.*did you mean 'ethanol'.*data\.path"):
        named("ethanole")
