"""Made-up frames for tests: shaken molecules and crystals with exact labels of a Morse pair potential."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mlsci.data.ase_files import Labels
from mlsci.science.atoms.neighbours import pairs
from mlsci.science.atoms.structure import Structure

DEPTH, STEEPNESS, REACH = 4.5, 2.0, 6.0  # eV, 1/Å, Å: bonds of 36 eV/Å²
RADII = {1: 0.35, 6: 0.75, 7: 0.7, 8: 0.65, 14: 1.17}  # Å
ENERGIES = {1: -13.57, 6: -1026.9, 7: -1482.3, 8: -2037.8, 14: -100.0}  # eV


def labelled(one: Structure) -> Structure:
    """The same atoms with energy, forces and, where all axes repeat, stress of the Morse potential."""
    first, second, shift = pairs(one, REACH)
    vectors = one.positions[second] + shift @ one.cell - one.positions[first]  # (P, 3)
    lengths = np.linalg.norm(vectors, axis=1)
    radii = np.array([RADII.get(int(z), 1.4) for z in one.numbers])
    decay = np.exp(-STEEPNESS * (lengths - radii[first] - radii[second]))
    slope = 2 * DEPTH * STEEPNESS * (decay - decay**2)
    pull = (slope / lengths)[:, None] * vectors  # (P, 3), on the first atom
    forces = np.zeros_like(one.positions)
    np.add.at(forces, first, pull)
    np.add.at(forces, second, -pull)
    energy = DEPTH * (decay**2 - 2 * decay).sum() + sum(ENERGIES.get(int(z), -50.0) for z in one.numbers)
    return Structure(
        numbers=one.numbers,
        positions=one.positions,
        cell=one.cell,
        periodic=one.periodic,
        energy=float(energy),
        forces=forces,
        stress=pull.T @ vectors / one.volume if all(one.periodic) else None,
        info=one.info,
    )


def molecule(name: str, n: int, *, seed: int = 0, isolated: bool = False) -> list[Structure]:
    """`n` shaken frames of a molecule that ASE knows by name, and its atoms one by one if `isolated`."""
    from ase.build import molecule as build

    atoms = build(name)
    draw = np.random.default_rng(seed)
    frames = [
        Structure(numbers=atoms.numbers, positions=atoms.positions + 0.05 * draw.normal(size=(len(atoms), 3)))
        for _ in range(n)
    ]
    lonely = single_atoms(np.unique(atoms.numbers).tolist()) if isolated else []
    return [*lonely, *(labelled(one) for one in frames)]


def ethanol(n: int, *, seed: int = 0, isolated: bool = False) -> list[Structure]:
    """Nine atoms of H, C and O."""
    return molecule("CH3CH2OH", n, seed=seed, isolated=isolated)


def crystal(number: int, n: int, *, seed: int = 0) -> list[Structure]:
    """`n` frames of eight atoms in a diamond cell: shaken, and every other one strained."""
    from ase.build import bulk

    atoms = bulk("Si", cubic=True)
    draw = np.random.default_rng(seed)
    frames = []
    for i in range(n):
        strain = draw.normal(size=(3, 3)) * (0.02 if i % 2 else 0.0)
        stretch = np.eye(3) + (strain + strain.T) / 2
        shake = draw.normal(size=(len(atoms), 3)) * (0.01 if i % 2 else 0.05)
        frames.append(
            Structure(
                numbers=np.full(len(atoms), number),
                positions=(atoms.positions + shake) @ stretch,
                cell=np.array(atoms.cell) @ stretch,
                periodic=(True, True, True),
            )
        )
    return [labelled(one) for one in frames]


def single_atoms(numbers: Sequence[int]) -> list[Structure]:
    """One frame an element."""
    return [
        labelled(Structure(numbers=np.array([z]), positions=np.zeros((1, 3)), info={"config_type": "isolated_atom"}))
        for z in numbers
    ]


def write(path: Path, frames: Sequence[Structure], *, labels: Labels = Labels()) -> None:  # noqa: B008 - frozen
    """An extxyz file with labels under the names that `labels` gives them."""
    from ase import io

    path.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for one in frames:
        atoms = one.to_ase()
        atoms.calc = None
        values: dict[str, Any] = {"energy": one.energy, "forces": one.forces, "stress": one.stress}
        values["virial"] = None if one.stress is None else -one.volume * one.stress
        for kind, name in labels.keys.items():
            if values[kind] is not None:
                (atoms.arrays if kind == "forces" else atoms.info)[name] = values[kind]
        written.append(atoms)
    io.write(path, written, format="extxyz")
