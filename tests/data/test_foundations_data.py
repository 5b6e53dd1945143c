"""Data of the foundations: exact couplings, functions, MNIST-1D."""

import pickle

import numpy as np
import pytest
import torch

from mlsci.data.functions import Functions
from mlsci.data.ising_chain import IsingChain
from mlsci.data.mnist1d import MNIST1D, _arrays_of_pickle
from mlsci.errors import ConfigError, DownloadError


def test_the_energy_is_what_the_exact_couplings_give() -> None:
    data = IsingChain(spins=6, states=50, coupling=0.7)
    products, energies = data.arrays()
    np.testing.assert_allclose(products @ np.array(data.notes()["true/weight"]).T, energies)
    assert np.count_nonzero(data.couplings()) == 6
    assert set(np.unique(products)) == {-1.0, 1.0}
    assert data.shapes().inputs == (15,)
    with pytest.raises(ConfigError, match=r"data\.spins: expected at least 4, got 3"):
        IsingChain(spins=3)


def test_test_points_lie_between_the_training_points() -> None:
    data = Functions(points=5, test_points=9)
    data.setup()
    (x, y), (test_x, _) = (data.split(part).tensors for part in ("train", "test"))
    assert x.dtype == y.dtype == torch.float64
    assert x[:, 0].tolist() == [-1, -0.5, 0, 0.5, 1]
    assert len(test_x) == 9
    assert y[2].tolist() == pytest.approx([0.0, 1.0, 0.0])
    assert y[-1].tolist() == pytest.approx([0.0, 1 / 26, 1.0])


def test_made_up_signals_keep_the_authors_test_part(tmp_path) -> None:
    data = MNIST1D(files=str(tmp_path))
    data.fake(tmp_path)
    data.setup()
    assert [len(data.split(part)) for part in ("train", "val", "test")] == [270, 30, 100]
    x, _ = data.split("test").tensors
    kept = np.load(tmp_path / "mnist1d" / "mnist1d_data.npz")["x_test"]
    np.testing.assert_allclose(x[:, 0], kept, rtol=1e-6)


def test_shuffled_signals_are_the_same_points_in_one_other_order(tmp_path) -> None:
    parts = []
    for shuffled in (False, True):
        data = MNIST1D(files=str(tmp_path), shuffled=shuffled)
        data.fake(tmp_path)
        data.setup()
        parts.append(torch.cat([data.split(part).tensors[0][:, 0] for part in ("train", "val", "test")]))
    columns, moved = ({column.numpy().tobytes(): place for place, column in enumerate(x.T)} for x in parts)
    assert columns.keys() == moved.keys()
    assert columns != moved


def test_the_real_signals_have_their_size(shared_data) -> None:
    data = MNIST1D()
    data.prepare_data()
    data.setup()
    assert [len(data.split(part)) for part in ("train", "val", "test")] == [3600, 400, 1000]


def test_other_signals_are_refused(tmp_path, monkeypatch) -> None:
    MNIST1D().fake(tmp_path)
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path))
    with pytest.raises(DownloadError, match="the arrays have the sha256"):
        MNIST1D().setup()


def test_a_pickle_of_arrays_is_read_and_one_that_runs_code_is_not(tmp_path) -> None:
    values = {name: np.arange(4.0) for name in ("x", "y", "x_test", "y_test")}
    path = tmp_path / "good.pkl"
    path.write_bytes(pickle.dumps(values))
    np.testing.assert_array_equal(_arrays_of_pickle(path)["x_test"], values["x_test"])

    class Evil:
        def __reduce__(self):
            return (print, ("run",))

    path.write_bytes(pickle.dumps({**values, "z": Evil()}))
    with pytest.raises(DownloadError, match=r"the file names builtins\.print"):
        _arrays_of_pickle(path)
