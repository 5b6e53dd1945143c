"""Distributions, spectra and overlaps with known answers."""

import math

import numpy as np
import pytest

from mlsci.errors import ConfigError, MlsciError
from mlsci.science.atoms.analysis.curve import Curve, cosine, overlap
from mlsci.science.atoms.analysis.dihedral import dihedral, free_energy
from mlsci.science.atoms.analysis.radial import Radial
from mlsci.science.atoms.analysis.spectrum import Spectrum, segment_for, vibrational_density
from mlsci.science.atoms.analysis.thermo import drift, mean_with_error
from mlsci.science.atoms.structure import Structure
from mlsci.science.dynamics.units import ACCELERATION, BOLTZMANN, WAVENUMBER

ALWAYS = (True, True, True)


def normal(mean: float, sigma: float, *, spacing: float = 0.01) -> Curve:
    """A Gaussian on [−10, 10], of any scale."""
    x = np.arange(-10, 10, spacing)
    return Curve(x, 7 * np.exp(-0.5 * ((x - mean) / sigma) ** 2))


def test_the_overlap_of_two_gaussians_is_known():
    apart = 1.3
    expected = math.erfc(apart / 2 / math.sqrt(2))  # of equal widths 1
    assert overlap(normal(0, 1), normal(apart, 1)) == pytest.approx(expected, abs=1e-5)
    assert overlap(normal(0, 1), normal(apart, 1, spacing=0.037)) == pytest.approx(expected, abs=1e-3)
    assert cosine(normal(0, 1), normal(apart, 1)) == pytest.approx(math.exp(-(apart**2) / 4), abs=1e-5)
    assert overlap(normal(0, 1), normal(0, 1)) == pytest.approx(1)
    assert overlap(normal(-5, 0.3), normal(5, 0.3)) < 1e-12


def test_curves_on_other_ranges_overlap_where_both_are():
    flat = Curve(np.arange(0.5, 10), np.ones(10))
    assert overlap(flat, Curve(np.arange(0.5, 20), np.ones(20))) == pytest.approx(0.5)
    assert overlap(flat, Curve(np.arange(10.5, 20), np.ones(10))) == pytest.approx(0)


def test_broadening_keeps_the_area_and_has_the_width():
    line = np.zeros(2001)
    line[1000] = 1
    wide = Curve(np.arange(2001) * 0.1, line).broadened(4.0)
    assert wide.area == pytest.approx(0.1)
    above = wide.x[wide.y > wide.y.max() / 2]
    assert above[-1] - above[0] == pytest.approx(4.0, abs=0.21)
    line[:] = 0
    line[0] = 1
    assert Curve(np.arange(2001) * 0.1, line).broadened(4.0).area == pytest.approx(0.1)


def test_a_curve_of_nothing_is_refused():
    with pytest.raises(MlsciError, match="area above 0"):
        Curve(np.arange(3.0), np.zeros(3)).normalised()
    with pytest.raises(MlsciError, match="one shape"):
        Curve(np.arange(3.0), np.zeros(4))


def test_an_ideal_gas_has_g_of_one():
    random, radial = np.random.default_rng(0), Radial(r_max=6, bins=24)
    cell = np.array([[9.0, 0, 0], [2.0, 8, 0], [0, 1, 10]])
    for _ in range(40):
        radial.add(Structure(np.full(200, 6), random.uniform(size=(200, 3)) @ cell, cell, ALWAYS))
    g = radial.curve()
    # the own images of an atom lie at lattice vectors only, all beyond 6 Å: one of 200 neighbours is missing
    np.testing.assert_allclose(g.y[4:], 199 / 200, atol=0.03)
    assert g.y[4:].mean() == pytest.approx(199 / 200, abs=0.003)


def test_two_kinds_of_ideal_gas_are_one_too():
    random = np.random.default_rng(0)
    found = {pair: Radial(r_max=4, bins=8, elements=pair) for pair in ((1, 8), (8, 1), (1, 1))}
    for _ in range(40):
        structure = Structure(np.repeat([1, 8], [200, 100]), random.uniform(0, 10, (300, 3)), np.eye(3) * 10, ALWAYS)
        for radial in found.values():
            radial.add(structure)
    assert np.array_equal(found[1, 8].curve().y, found[8, 1].curve().y)
    np.testing.assert_allclose(found[1, 8].curve().y[3:], 1, atol=0.03)
    np.testing.assert_allclose(found[1, 1].curve().y[3:], 199 / 200, atol=0.03)


def test_the_shells_of_a_face_centred_crystal_hold_12_6_24_and_12_neighbours():
    base = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]) * 4
    radial = Radial(r_max=6, bins=600)
    radial.add(Structure(np.full(4, 14), base, np.eye(3) * 4, ALWAYS))
    g = radial.curve()
    density = 4 / 4**3
    neighbours = g.y * density * 4 / 3 * np.pi * np.diff(radial.edges**3)
    shells = {round(r / (4 / math.sqrt(2)), 2): n for r, n in zip(g.x, neighbours, strict=True) if n > 0}
    assert list(shells) == pytest.approx([1, math.sqrt(2), math.sqrt(3), 2], abs=0.01)
    assert list(shells.values()) == pytest.approx([12, 6, 24, 12])


def test_the_distances_of_a_molecule_have_area_one():
    water = Structure(np.array([8, 1, 1]), np.array([[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]]))
    radial = Radial(r_max=3, bins=300)
    radial.add(water)
    curve = radial.curve()
    assert curve.area == pytest.approx(1)
    assert curve.x[curve.y > 0] == pytest.approx([0.96, 1.52], abs=0.01)
    assert curve.y.max() * 0.01 == pytest.approx(2 / 3)
    with pytest.raises(MlsciError, match="do not mix"):
        radial.add(Structure(np.array([8]), np.zeros((1, 3)), np.eye(3), ALWAYS))
    with pytest.raises(MlsciError, match="no pairs within 6 Å in 0 structures"):
        Radial().curve()


def test_an_oscillator_sings_at_its_frequency():
    stiffness, mass, interval = 30.0, 12.0, 2.0
    omega = math.sqrt(stiffness * ACCELERATION / mass)  # 1/fs
    time = np.arange(4000) * interval
    velocities = np.zeros((4000, 2, 3))
    velocities[:, 0, 0] = np.cos(omega * time)
    velocities[:, 1, 2] = np.sin(2 * omega * time)
    curve = vibrational_density(velocities, np.array([mass, mass / 3]), interval=interval, resolution=10)
    expected = omega / (2 * math.pi) * WAVENUMBER
    assert curve.area == pytest.approx(1)
    low, high = curve.x < 1.5 * expected, curve.x > 1.5 * expected
    assert curve.x[low][curve.y[low].argmax()] == pytest.approx(expected, abs=5)
    assert curve.x[high][curve.y[high].argmax()] == pytest.approx(2 * expected, abs=5)
    assert curve.y[low].sum() * curve.spacing == pytest.approx(3 / 4, abs=0.01)  # the heavier has three times the power
    above = curve.x[low][curve.y[low] > curve.y[low].max() / 2]
    assert above[-1] - above[0] <= 10


def test_a_spectrum_frame_by_frame_is_that_of_whole_segments():
    random = np.random.default_rng(0)
    velocities = random.normal(size=(100, 3, 3)).astype(np.float32)
    spectrum = Spectrum(np.ones(3), interval=1.0, segment=40)
    for frame in velocities:
        spectrum.add(frame)
    assert spectrum.segments == 4  # from 0, 20, 40, 60
    window = np.hanning(42)[1:-1, None, None]
    pieces = [velocities[start : start + 40] * window for start in (0, 20, 40, 60)]
    power = sum((np.abs(np.fft.rfft(piece, 80, axis=0)) ** 2).sum((1, 2)) for piece in pieces)
    expected = Curve(np.fft.rfftfreq(80, 1.0) * WAVENUMBER, power).normalised()
    np.testing.assert_allclose(spectrum.curve().y, expected.y, rtol=1e-5)
    with pytest.raises(MlsciError, match="3 frames, expected at least a segment of 8"):
        vibrational_density(velocities[:3], np.ones(3), interval=1.0)
    assert segment_for(10**6, interval=2.0, resolution=10) == round(2 * WAVENUMBER / 20)
    with pytest.raises(ConfigError, match="interval > 0"):
        Spectrum(np.ones(3), interval=0, segment=40)


@pytest.mark.parametrize("angle", [-150.0, -60, 0, 33, 90, 179])
def test_a_dihedral_angle_is_that_of_ase(angle):
    atoms = pytest.importorskip("ase").Atoms("H4", [[1, 0, 0], [0, 0, 0], [0, 0, 1], [1, 0.2, 1.3]])
    atoms.set_dihedral(0, 1, 2, 3, angle)
    found = dihedral(np.stack([atoms.positions] * 2))
    assert found.shape == (2,)
    assert found[1] == pytest.approx(angle, abs=1e-9)


def test_a_dihedral_is_positive_clockwise():
    quarter = np.array([[0, 1, 0], [0, 0, 0], [0, 0, -1], [1, 0, -1.0]])  # seen from the front atom: right of top
    assert dihedral(quarter) == pytest.approx(90)
    with pytest.raises(ConfigError, match=r"expected positions \(..., 4, 3\)"):
        dihedral(np.zeros((3, 3)))


def test_the_free_energy_of_a_cosine_barrier_comes_back():
    random = np.random.default_rng(0)
    barrier, kT = 0.05, BOLTZMANN * 300
    proposals = random.uniform(-180, 180, 400_000)
    kept = random.uniform(size=400_000) < np.exp(-barrier * (1 - np.cos(np.radians(proposals))) / 2 / kT)
    angles, energy = free_energy(proposals[kept], 300)
    expected = 1000 * barrier * (1 - np.cos(np.radians(angles))) / 2
    np.testing.assert_allclose(energy - energy.min(), expected - expected.min(), atol=1.5)
    _, narrow = free_energy(np.zeros(10), 300, bins=4)
    assert np.isnan(narrow).sum() == 3


def test_drift_and_mean_of_what_is_known():
    time = np.arange(1000.0)
    energies = np.stack([3 + 2e-6 * time, 5 - 4e-6 * time], axis=1)
    np.testing.assert_allclose(drift(time, energies, atoms=2), [1, -2])
    random = np.random.default_rng(0)
    mean, error = mean_with_error(300 + random.normal(size=(1000, 4)))
    assert mean == pytest.approx(300, abs=4 / math.sqrt(4000))
    assert error == pytest.approx(1 / math.sqrt(4000), rel=0.3)
    assert math.isnan(mean_with_error(np.ones((5, 1)))[1])
    with pytest.raises(ConfigError, match="at least two times"):
        drift(time[:1], energies[:1], atoms=1)
