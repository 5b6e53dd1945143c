"""Do the labels of frames fit each other and nature?  Wrong units and signs are named; doubt is told apart from proof.

What each test needs, and what it cannot see:

X–H bonds: pulls along C–H, N–H and O–H bonds against their lengths have a force constant of 25 to 50 eV/Å².
    Needs 20 such bonds; blind without hydrogen.
Energies against forces: the work of the forces between near frames is their difference of energy.
    Needs 8 frames near to another one of the same atoms; blind to energies and forces in the same wrong unit.
Stress against energies: the same for the work of the stress between frames with different cells.
    Needs 4 pairs of strained frames; blind where cells stay, and where the atoms move too far, as in NPT.
Stress against volume: a solid that grows pulls harder.
    Needs 6 pairs of different volumes, and gives doubt only: beyond its limit of stability a solid softens.
Atomization: energies lie within 30 eV an atom of those of isolated atoms.
    Needs calculated isolated atoms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from mlsci.science.atoms.near_frames import NearFrames, near_frames
from mlsci.science.atoms.neighbours import pairs
from mlsci.science.atoms.structure import Structure
from mlsci.science.atoms.units import ENERGY, FORCE, GPA, STRESS, looks_like

BOND = 1.25  # Å, longer than any C–H, N–H or O–H bond that vibrates
STIFFNESS = (10.0, 110.0)  # eV/Å², of X–H bonds: 25 to 50 at rest
TYPICAL = 33.0  # eV/Å²
FRAMES = 200  # looked at for bonds
STILL = 0.1  # Å
UNSURE = 4.0  # far frames spoil a proportion by less; units differ by 10 and more


class Finding(NamedTuple):
    """Something about labels that a user should know."""

    message: str
    certain: bool


def findings(structures: Sequence[Structure], isolated: Mapping[int, float] | None = None) -> list[Finding]:
    """What is wrong, or doubtful, with the labels of frames.

    Args:
        structures: frames of one part, in eV, eV/Å, eV/Å³ as far as their owner knows.
        isolated: energies [eV] of isolated atoms by atomic number, where they were calculated.
    """
    near = near_frames(structures)
    work = _work(near)
    found = [_bonds(structures), work, None if work else _strain(near) or _softening(near), _size(structures)]
    if isolated is not None:
        found.append(_atomization(structures, isolated))
    return [finding for finding in found if finding is not None]


def proportion(x: np.ndarray, y: np.ndarray, *, at_least: float) -> float | None:
    """The slope of y = slope·x by least squares; None where it does not explain y.

    It does where the cosine between x and y is at least `at_least`, and 3 of 4 rows that are not small have the sign
    that it says: one large row alone proves nothing.
    """
    squares = float((x * x).sum()), float((y * y).sum())
    if min(squares) == 0:
        return None
    product = float((x * y).sum())
    large = x * x > 0.04 * squares[0] / len(x)
    agree = float((np.sign(y) == np.sign(x * product))[large].mean())
    if abs(product) < at_least * (squares[0] * squares[1]) ** 0.5 or agree < 0.75:
        return None
    return product / squares[0]


def _bonds(structures: Sequence[Structure]) -> Finding | None:
    every = -(-len(structures) // FRAMES)
    pulls = [_pulls(one) for one in structures[::every] if one.forces is not None and (one.numbers == 1).any()]
    if not pulls or sum(len(rows) for rows in pulls) < 20:
        return None
    table = np.concatenate(pulls)  # (bonds, 3): heavy element, length, pull
    centred = np.concatenate(
        [rows[:, 1:] - rows[:, 1:].mean(0) for z in (6, 7, 8) if len(rows := table[table[:, 0] == z]) > 0]
    )
    found = proportion(centred[:, 0], -centred[:, 1], at_least=0.7)
    if found is None or centred[:, 0].std() < 0.004 or STIFFNESS[0] <= found <= STIFFNESS[1]:
        return None
    about = f"as forces in eV/Å they give X–H bonds a force constant of {found:.3g} eV/Å², nature 25 to 50"
    if found < 0:
        return Finding(f"forces point uphill: they are gradients, the sign is wrong ({about})", certain=True)
    unit = looks_like(TYPICAL / found, FORCE)
    return Finding(f"forces are not in eV/Å{f' but perhaps in {unit}' if unit else ''}: {about}", certain=True)


def _pulls(one: Structure) -> np.ndarray:
    """The bonds of hydrogen to one atom of C, N or O: its element, length [Å] and force on H along it [eV/Å]."""
    first, second, shift = pairs(one, BOND)
    ends = np.concatenate([np.column_stack([first, second]), np.column_stack([second, first])])
    vectors = one.positions[second] + shift @ one.cell - one.positions[first]
    vectors = np.concatenate([vectors, -vectors])
    heavy, light = one.numbers[ends[:, 0]], one.numbers[ends[:, 1]]
    single = np.bincount(ends[:, 1], minlength=len(one))[ends[:, 1]] == 1
    chosen = (light == 1) & np.isin(heavy, (6, 7, 8)) & single
    lengths = np.linalg.norm(vectors[chosen], axis=1)
    pull = (one.forces[ends[chosen, 1]] * vectors[chosen]).sum(1) / lengths  # type: ignore[index]
    return np.column_stack([heavy[chosen], lengths, pull])


def _work(near: NearFrames) -> Finding | None:
    still = np.flatnonzero(near.strain < 1e-6)
    chosen = still[near.displacement[still].argsort()][: max(len(still) // 2, 8)]
    if len(chosen) < 8:
        return None
    found = proportion(near.force_work[chosen], near.energy[chosen], at_least=0.7)
    if found is None or 1 / UNSURE <= found <= UNSURE:
        return None
    between = f"between near frames the energy changes by {found:.3g} times the work of the forces"
    if found < 0:
        return Finding(f"energies and forces are of opposite sign (gradients for forces?): {between}", certain=True)
    energy, force = looks_like(1 / found, ENERGY), looks_like(found, FORCE)
    guesses = [f"energies in {energy}"] * bool(energy) + [f"forces in {force}"] * bool(force)
    perhaps = f" (perhaps {' or '.join(guesses)})" if guesses else ""
    return Finding(f"energies and forces are in different units{perhaps}: {between}", certain=True)


def _strain(near: NearFrames) -> Finding | None:
    chosen = (near.strain > 1e-3) & (near.displacement < STILL) & np.isfinite(near.stress_work)
    if chosen.sum() < 4:
        return None
    found = proportion(near.stress_work[chosen], (near.energy - near.force_work)[chosen], at_least=0.9)
    if found is None or 1 / UNSURE <= found <= UNSURE:
        return None
    between = f"between strained frames the energy changes by {found:.3g} times the work of the stress"
    if -UNSURE <= found <= -1 / UNSURE:
        return Finding(
            f"the stress has the wrong sign, it must be positive where a solid is stretched: {between}", True
        )
    stress, energy = looks_like(abs(found), STRESS), looks_like(1 / abs(found), ENERGY)
    guesses = [f"stress in {stress}"] * bool(stress) + [f"energies and forces in {energy}"] * bool(energy)
    perhaps = f" (perhaps {' or '.join(guesses)})" if guesses else ""
    sign = ", and the stress has the wrong sign" if found < 0 else ""
    return Finding(f"stress and energies are in different units{perhaps}{sign}: {between}", certain=True)


def _softening(near: NearFrames) -> Finding | None:
    chosen = np.abs(np.nan_to_num(near.expansion)) > 5e-3
    if chosen.sum() < 6:
        return None
    modulus = proportion(near.expansion[chosen], near.tension[chosen], at_least=0.8)
    if modulus is None:
        return None
    if modulus < 0:
        return Finding(f"perhaps the stress has the wrong sign: the bulk modulus is {modulus / GPA:.3g} GPa", False)
    if modulus > 6:
        return Finding(f"perhaps the stress is not in eV/Å³: the bulk modulus is {modulus / GPA:.3g} GPa", False)
    return None


def _size(structures: Sequence[Structure]) -> Finding | None:
    forces = [one.forces.ravel() for one in structures if one.forces is not None]
    if not forces:
        return None
    size = float(np.sqrt(np.mean(np.concatenate(forces) ** 2)))
    if 1e-4 <= size <= 100:
        return None
    return Finding(f"the root mean square force is {size:.3g} eV/Å: is it in eV/Å?", certain=False)


def _atomization(structures: Sequence[Structure], isolated: Mapping[int, float]) -> Finding | None:
    bound = [
        (one.energy - sum(isolated[int(z)] for z in one.numbers)) / len(one)
        for one in structures
        if one.energy is not None and all(int(z) in isolated for z in one.numbers)
    ]
    if not bound:
        return None
    worst = max(bound, key=abs)
    if abs(worst) <= 30:
        return None
    return Finding(
        f"energies do not fit those of the isolated atoms: {worst:.4g} eV an atom between them, nature has no more "
        f"than 10. One of them is in another unit, or of another method",
        certain=True,
    )
