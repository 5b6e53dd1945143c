"""Molecules by name: where a simulation can start from nothing but a word."""

from __future__ import annotations

from pathlib import Path

from mlsci.errors import ConfigError, MlsciError
from mlsci.nearest import nearest
from mlsci.science.atoms.structure import Structure

FILE = Path(__file__).with_name("molecules.xyz")  # embedded with RDKit 2026.9, relaxed with GFN2-xTB to 5 meV/Å
FORMULAS = {  # names of molecules that ASE has under their formula
    "acetaldehyde": "CH3CHO",
    "acetic_acid": "CH3COOH",
    "acetone": "CH3COCH3",
    "acetylene": "C2H2",
    "ammonia": "NH3",
    "benzene": "C6H6",
    "butane": "trans-butane",
    "ethane": "C2H6",
    "ethanol": "CH3CH2OH",
    "ethylene": "C2H4",
    "formaldehyde": "H2CO",
    "formic_acid": "HCOOH",
    "furan": "C4H4O",
    "hydrogen_peroxide": "H2O2",
    "methane": "CH4",
    "methanol": "CH3OH",
    "propane": "C3H8",
    "pyridine": "C5H5N",
    "pyrrole": "C4H4NH",
    "water": "H2O",
}


def named(name: str) -> Structure:
    """The molecule of that name, near a minimum of its energy; ASE's names of the G2 set (CH3CH2OH) count too.

    Raises:
        ConfigError: no such molecule.
        MlsciError: ASE is missing.
    """
    try:
        from ase.build import molecule
        from ase.collections import g2
    except ImportError as error:
        raise MlsciError('molecules by name need ASE: `pip install "mlsci[atoms]"`') from error
    own = _own()
    if name in own:
        return own[name]
    formula = FORMULAS.get(name, name)
    if formula not in g2.names:
        words = sorted([*own, *FORMULAS])
        raise ConfigError(
            f"molecule: no '{name}'{nearest(name, [*words, *g2.names])}; known: {', '.join(words)}, and the formulas "
            "of ASE's G2 set; any other comes from a file: data.path=my.xyz"
        )
    return Structure.from_ase(molecule(formula))


def _own() -> dict[str, Structure]:
    """The molecules of our own file by name."""
    from ase.io import read

    return {atoms.info["name"]: Structure.from_ase(atoms) for atoms in read(FILE, index=":", format="extxyz")}
