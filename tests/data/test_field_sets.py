"""Fields and spins: made-up files through the same code, small real ones computed on the spot, and what is refused."""

import numpy as np
import pytest
import torch

from mlsci.data.burgers_operator import BurgersOperator
from mlsci.data.darcy_mini import DarcyMini
from mlsci.data.darcy_operator import DarcyOperator
from mlsci.data.ising import Ising
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError, DownloadError
from mlsci.science.ising.observables import site_energy
from mlsci.science.ising.onsager import CRITICAL_TEMPERATURE, energy
from mlsci.science.operators.darcy import solved

FIELDS = {
    "burgers_operator": (BurgersOperator, {"points": 32}, (1, 32)),
    "darcy_operator": (DarcyOperator, {"points": 9}, (1, 9, 9)),
    "darcy_mini": (DarcyMini, {}, (1, 16, 16)),
}


def made(data) -> None:
    """Both stages, as a run takes them."""
    data.prepare_data()
    data.setup()


@pytest.mark.parametrize("name", FIELDS)
def test_made_up_fields_go_through_the_same_code(name, tmp_path):
    kind, options, shape = FIELDS[name]
    data = kind(files=str(tmp_path), **options)
    assert (data.spec.inputs, data.spec.targets) == (shape, shape)
    assert DataSpec.from_mapping(data.spec.mapping()) == data.spec
    with pytest.raises(DownloadError, match=r"data\.files: .*no such file"):
        made(data)
    data.fake(tmp_path)
    made(data)
    for part in ("train", "val", "test"):
        x, y = data.split(part).tensors
        assert x.shape[1:] == y.shape[1:] == shape
        assert x.dtype == y.dtype == torch.float32
        assert len(x) > 0
    assert len(data.split("val")) == data.validation
    x, y = (tensor.double() for tensor in data.split("train").tensors)
    assert data.spec.statistics["inputs"]["mean"] == pytest.approx(float(x.mean()), abs=1e-9)
    assert data.spec.statistics["targets"]["std"] == pytest.approx(float(y.square().mean().sqrt()))
    assert data.spec.statistics["targets"]["mean"] == 0


SMALL = {"functions": 6, "test_functions": 3, "validation": 2}


def test_burgers_functions_do_not_depend_on_the_grid(tmp_path, monkeypatch):
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path))
    settings = {**SMALL, "modes": 64, "steps": 40, "wavenumbers": 64}
    coarse, fine = (BurgersOperator(points=points, **settings) for points in (32, 64))
    for data in (coarse, fine):
        data.prepare_data()
        data.setup()
    assert len(list((tmp_path / "operators").iterdir())) == 2  # both grids share the files
    for values, finer in zip(coarse.split("finer").tensors, fine.split("test").tensors, strict=True):
        assert torch.equal(values, finer)
    for values, finer in zip(coarse.split("test").tensors, fine.split("test").tensors, strict=True):
        torch.testing.assert_close(values, finer[..., ::2], rtol=0, atol=1e-6)
    assert not torch.equal(coarse.split("train").tensors[0][0], coarse.split("test").tensors[0][0])
    x, y = coarse.split("test").tensors
    assert float(x.mean(dim=-1).abs().max()) < 0.02
    assert float((y.norm(dim=-1) / x.norm(dim=-1)).max()) < 0.2  # viscosity has been at work


def test_darcy_pressures_solve_the_equation_of_their_media(tmp_path, monkeypatch):
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path))
    data = DarcyOperator(points=9, refine=2, wavenumbers=16, **SMALL)
    data.prepare_data()
    data.setup()
    a, u = (tensor.squeeze(1).double().numpy() for tensor in data.split("finer").tensors)
    assert set(np.unique(a)) == {3.0, 12.0}
    np.testing.assert_allclose(u, solved(a), atol=1e-7)
    for values, finer in zip(data.split("test").tensors, data.split("finer").tensors, strict=True):
        assert torch.equal(values, finer[..., ::2, ::2])
    with pytest.raises(ConfigError, match=r"data\.refine: expected a multiple of data\.finer=2, got 3"):
        DarcyOperator(refine=3)


def test_without_a_finer_grid_there_is_no_such_part(tmp_path):
    data = BurgersOperator(points=32, finer=None, files=str(tmp_path))
    data.fake(tmp_path)
    data.setup()
    assert not data.has("finer")


def test_too_many_held_out_pairs_are_refused(tmp_path):
    data = BurgersOperator(points=32, validation=60, files=str(tmp_path))
    data.fake(tmp_path)
    with pytest.raises(ConfigError, match=r"data\.validation: expected 1 to 59 of 60 pairs, got 60"):
        data.setup()


def test_the_mini_files_are_those_of_the_package(shared_data):
    data = DarcyMini()
    data.prepare_data()
    data.setup()
    assert [len(data.split(part)) for part in ("train", "val", "test")] == [950, 50, 50]
    x, y = data.split("train").tensors
    assert set(x.unique().tolist()) == {0.0, 1.0}
    assert float(y.mean()) == pytest.approx(0.386, abs=2e-3)


def test_a_mini_file_with_other_values_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path))
    DarcyMini().fake(tmp_path)
    with pytest.raises(DownloadError, match="the values have the sha256"):
        DarcyMini().setup()


LATTICES = {"side": 12, "temperatures": [1.5, 2.25, 3.5], "samples": 40, "test_samples": 20, "chains": 10}


def test_spins_of_a_temperature_have_its_energy_and_its_phase(tmp_path, monkeypatch):
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path))
    data = Ising(**LATTICES, equilibration=10, interval=2)
    data.prepare_data()
    data.setup()
    assert data.spec.classes == ("ordered", "disordered")
    assert [len(data.split(part)) for part in ("train", "val", "test", "sweep")] == [108, 12, 20, 60]
    x, y = data.split("sweep").tensors
    temperature = data.notes()["temperature"]
    assert set(x.unique().tolist()) == {-1.0, 1.0}
    np.testing.assert_array_equal(y.numpy(), temperature > CRITICAL_TEMPERATURE)
    found = site_energy(x.squeeze(1).numpy())
    for T in (1.5, 3.5):
        assert found[temperature == T].mean() == pytest.approx(float(energy(T)), abs=0.06)
    assert torch.equal(data.split("test").tensors[0], x[20:40])
    assert data.pictured() is data.split("sweep")


def test_training_outside_of_the_critical_region_leaves_it_out(tmp_path):
    data = Ising(trained="outside", files=str(tmp_path), **LATTICES)
    data.fake(tmp_path)
    data.prepare_data()
    data.setup()
    whole = Ising(files=str(tmp_path), **LATTICES)
    whole.setup()
    assert len(whole.split("train")) == 27
    assert len(data.split("train")) == 18


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"temperatures": [1.0, 2.0]}, r"data\.temperatures: expected positive ones below, above"),
        ({"temperatures": [1.0, 3.0]}, r"data\.temperatures: expected positive ones below, above"),
        ({"critical": [2.5, 2.0]}, r"data\.critical: expected two temperatures in order"),
        ({"trained": "some"}, r"data\.trained: expected all or outside, got 'some'"),
        ({"samples": 1}, r"data\.samples: expected at least 2, got 1"),
    ],
)
def test_settings_that_make_no_sense_are_named(wrong, message):
    with pytest.raises(ConfigError, match=message):
        Ising(**wrong)
