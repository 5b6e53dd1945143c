"""Repeated frames: found after a translation and through periodic boundaries, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from mlsci.data.made_up import crystal, ethanol
from mlsci.science.atoms.repeated import repeated
from mlsci.science.atoms.structure import Structure

DRAW = np.random.default_rng(0)


def moved(one: Structure, by: float = 1.0) -> Structure:
    """Translated, with new labels."""
    return replace(one, positions=one.positions + by * DRAW.normal(size=3), energy=0.0)


@pytest.mark.parametrize("make", [ethanol, lambda n: crystal(14, n)])
def test_translated_copies_are_found(make):
    frames = make(20)
    assert repeated(frames) == []
    copies = [moved(frames[7]), moved(frames[3], by=30), moved(frames[7])]
    assert repeated([*frames, *copies]) == [(3, 21), (7, 20), (7, 22)]


def test_atoms_in_other_images_are_the_same_atoms():
    one = crystal(14, 1)[0]
    images = DRAW.integers(-3, 4, (8, 3))
    assert repeated([one, replace(one, positions=one.positions + images @ one.cell)]) == [(0, 1)]


def test_a_slab_repeats_along_two_axes_only():
    one = replace(crystal(14, 1)[0], periodic=(True, True, False))
    along, across = np.zeros((8, 3)), np.zeros((8, 3))
    along[3, 0] = across[3, 2] = 1
    assert repeated([one, replace(one, positions=one.positions + along @ one.cell)]) == [(0, 1)]
    assert repeated([one, replace(one, positions=one.positions + across @ one.cell)]) == []


def test_small_displacements_other_atoms_and_other_cells_are_not_repeats():
    one, solid = ethanol(1)[0], crystal(14, 1)[0]
    shaken = replace(one, positions=one.positions + 1e-3 * DRAW.normal(size=(9, 3)))
    others = [shaken, replace(one, numbers=one.numbers[::-1]), solid, replace(solid, cell=solid.cell * 1.001)]
    assert repeated([one, *others]) == []


def test_strained_crystals_with_the_same_fractions_are_different():
    one = crystal(14, 1)[0]
    frames = [replace(one, positions=one.positions * s, cell=one.cell * s) for s in np.linspace(0.9, 1.1, 40)]
    assert repeated(frames) == []


def test_noise_of_a_file_does_not_hide_a_repeat():
    frames = ethanol(50)
    noisy = [replace(one, positions=one.positions + 4e-6 * DRAW.uniform(-1, 1, (9, 3))) for one in frames]
    assert repeated([*frames, *noisy]) == [(i, i + 50) for i in range(50)]
