"""The data of an equation: steps, and its reference."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from mlsci.data.collocation import MONITORED, Collocation
from mlsci.data.legacy_references import ORIGINS, legacy_reference
from mlsci.errors import ConfigError, DownloadError
from mlsci.nets.embedding import Periodic
from mlsci.science.pde import PDE, Coefficient, Learn, Reference
from mlsci.science.solvers import legacy


@dataclass(kw_only=True, eq=False)
class Wave(PDE):
    """u = sin(πx) t on 60 × 50 points."""

    speed: Coefficient = 1.0
    known: bool = True
    computed: int = 0
    coordinates = {"x": (-1.0, 1.0), "t": (0.0, 1.0)}  # noqa: RUF012
    periodic = ("x",)

    def residual(self, f, p):
        return f.u_t

    def reference(self):
        self.computed += 1
        axes = {"x": np.linspace(-1, 1, 60), "t": np.linspace(0, 1, 50)}
        values = np.sin(np.pi * axes["x"])[:, None, None] * axes["t"][None, :, None]
        return Reference.on_grid(axes, values, self_error=1e-5, source="by hand") if self.known else None


def data_of(pde, **settings):
    """The data, set up."""
    data = Collocation(pde=pde, embedding=Periodic(pde), **settings)
    data.setup()
    return data


def test_an_epoch_is_so_many_steps():
    assert len(data_of(Wave(), steps=7).datasets()["train"]) == 7
    assert len(data_of(Wave(), steps=0).datasets()["train"]) == 25  # points drawn once: epochs are still needed


def test_the_net_gets_the_features_of_the_embedding():
    spec = data_of(Wave()).declare()
    assert (spec.inputs, spec.targets, spec.features) == ((2,), (1,), 3)
    assert (spec.input_names, spec.target_names) == (("x", "t"), ("u",))


def test_the_reference_is_the_test_part_and_some_of_it_is_watched():
    pde = Wave()
    parts = data_of(pde).datasets()
    points, values = parts["test"].tensors
    assert points.shape == (3000, 2)
    torch.testing.assert_close(values[:, 0], torch.sin(math.pi * points[:, 0]) * points[:, 1])
    watched, at = parts["val"].tensors
    assert len(watched) == len(at) == MONITORED
    torch.testing.assert_close(at[:, 0], torch.sin(math.pi * watched[:, 0]) * watched[:, 1])
    assert pde.computed == 1
    assert torch.equal(data_of(Wave()).datasets()["val"].tensors[0], watched)


def test_without_reference_there_is_no_test_part():
    parts = data_of(Wave(known=False)).datasets()
    assert "test" not in parts
    assert len(parts["val"].tensors) == 1
    assert "reference_error" not in data_of(Wave(known=False)).notes()


def test_notes_name_the_reference_and_true_coefficients():
    notes = data_of(Wave(speed=Learn(initial=0.0, truth=2.0))).notes()
    assert {"reference_error": 1e-5, "source": "by hand", "true/speed": 2.0}.items() <= notes.items()
    assert "true/speed" not in data_of(Wave(speed=Learn(initial=0.0))).notes()


def test_something_else_than_an_equation_is_refused():
    with pytest.raises(ConfigError, match=r"pde: expected an equation \(mlsci.science.pde.PDE\), got dict"):
        Collocation(pde={}, embedding=torch.nn.Identity())


class Legacy(Wave):
    """Compared with a file of the literature."""

    legacy = "burgers"


def test_a_legacy_file_that_is_not_to_be_had_is_a_warning(tmp_path, monkeypatch):
    assert data_of(Wave()).legacy() is None
    assert data_of(Legacy(), files=str(tmp_path)).legacy() is None  # the user's own folder: no score, no warning

    def unreachable(*_, **__):
        raise DownloadError("burgers_shock.mat: not to be had")

    monkeypatch.setattr("mlsci.data.collocation.legacy_reference", unreachable)
    with pytest.warns(RuntimeWarning, match=r"no score on the legacy file: burgers_shock.mat"):
        assert data_of(Legacy()).legacy() is None
    with pytest.raises(DownloadError, match=r"burgers_shock.mat"):
        legacy_reference("burgers", files=str(tmp_path))


def test_every_legacy_file_has_an_origin_and_a_checksum():
    assert ORIGINS.keys() == legacy.FILES.keys()
    assert all(url.startswith("https://") and len(sha256) == 64 for url, sha256 in ORIGINS.values())


@pytest.mark.parametrize("name", legacy.FILES)
def test_legacy_files_are_the_ones_that_we_know(shared_data, name):
    if not (shared_data / legacy.FOLDER / legacy.FILES[name]).is_file():
        pytest.skip(f"{legacy.FILES[name]} is not in {shared_data}")
    points, values = legacy_reference(name)
    assert points.shape == (len(values), 2)
    assert points.dtype == values.dtype == torch.float64
    assert torch.isfinite(values).all()
