"""The table of elements: values that everybody knows, ASE's masses, and the scaled rows."""

import numpy as np
import pytest
from ase.data import atomic_masses, chemical_symbols

from mlsci.errors import MlsciError
from mlsci.science.elements import LOGARITHMIC, UNITS, atomic_number, properties, scaled_properties, symbols


def test_the_symbols_and_masses_are_those_of_ase():
    assert list(symbols()) == chemical_symbols[1:95]
    np.testing.assert_allclose(properties()["mass"], atomic_masses[1:95], rtol=2e-3)


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("H", {"ionisation1": 13.598, "electronegativity": 2.20, "group": 1, "period": 1}),
        (
            "O",
            {"electronegativity": 3.44, "p": 4, "s": 2, "group": 16, "oxidation_low": -2, "electron_affinity": 1.461},
        ),
        ("Fe", {"d": 6, "s": 2, "melting_point": 1811, "density": 7.87, "group": 8, "period": 4}),
        ("Au", {"d": 10, "f": 14, "ionisation1": 9.226, "covalent_radius": 124, "melting_point": 1337.3}),
    ],
)
def test_values_are_those_of_the_handbooks(symbol, expected):
    found = properties()
    for name, value in expected.items():
        assert found[name][atomic_number(symbol) - 1] == pytest.approx(value, rel=2e-3)


def test_electrons_outside_of_the_core_complete_the_atom():
    found = properties()
    noble = (0, 2, 10, 18, 36, 54, 86)
    for z in range(1, 95):
        outside = {z - core for core in noble if core < z} & {int(sum(found[shell][z - 1] for shell in "spdf"))}
        assert outside == {z - max(core for core in noble if core < z)}, symbols()[z - 1]


def test_scaled_columns_have_mean_0_and_deviation_1_and_no_atom_has_nothing():
    rows = np.array(scaled_properties())
    assert rows.shape == (95, len(properties()))
    assert np.isfinite(rows).all()
    assert not rows[0].any()
    for place, (name, column) in enumerate(properties().items()):
        known = rows[1:, place][np.isfinite(column)]
        np.testing.assert_allclose([known.mean(), known.std()], [0, 1], atol=1e-9)
        assert not rows[1:, place][np.isnan(column)].any(), name


def test_units_and_logarithms_are_of_columns_that_are_there():
    assert set(UNITS) | set(LOGARITHMIC) <= set(properties())


def test_what_is_no_element_is_named():
    with pytest.raises(MlsciError, match="'Xx' is no element from H to Pu"):
        atomic_number("Xx")
