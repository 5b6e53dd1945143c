"""The data sets of series: their spec, their made-up files, and facts of the real files where they are at hand."""

import numpy as np
import pytest
import torch

from mlsci.data.co2 import CO2
from mlsci.data.dysts import Dysts, systems
from mlsci.data.ecg import ECG
from mlsci.data.etth1 import ETTh1
from mlsci.data.lorenz import Lorenz
from mlsci.data.santa_fe_laser import SantaFeLaser
from mlsci.data.spec import DataSpec
from mlsci.data.sunspots import Sunspots
from mlsci.errors import ConfigError, DownloadError, MlsciError

SMALL_LORENZ = {"length": 400, "substeps": 2, "horizon": 20}
SETS = {
    "dysts": (Dysts, {"look_back": 20, "horizon": 29}, 1),
    "etth1": (ETTh1, {"look_back": 48, "horizon": 24}, 7),
    "lorenz": (Lorenz, SMALL_LORENZ, 3),
    "santa_fe_laser": (SantaFeLaser, {"look_back": 40, "horizon": 100, "val_fraction": 0.2}, 1),
    "co2": (CO2, {"look_back": 104, "horizon": 52}, 1),
    "sunspots": (Sunspots, {"look_back": 12, "horizon": 1}, 1),
    "ecg": (ECG, {"look_back": 36, "horizon": 12}, 1),
}


@pytest.mark.parametrize("name", SETS)
def test_made_up_files_go_through_the_same_code(name, tmp_path):
    kind, options, features = SETS[name]
    data = kind(files=str(tmp_path), **options)
    assert data.spec.inputs == (data.look_back, features)
    assert data.spec.targets == (data.horizon, features)
    assert DataSpec.from_mapping(data.spec.mapping()) == data.spec
    assert list(tmp_path.iterdir()) == []
    data.fake(tmp_path)
    data.prepare_data()
    data.setup()
    for part in ("train", "val", "test"):
        x, y = data.split(part).tensors
        assert x.shape[1:] == data.spec.inputs
        assert y.shape[1:] == data.spec.targets
        assert len(x) > 0
        assert torch.isfinite(x).all()
    assert len(data.spec.statistics["inputs"]["mean"]) == features


@pytest.mark.parametrize("name", sorted(SETS.keys() - {"lorenz"}))
def test_a_file_that_is_not_there_is_named(name, tmp_path):
    kind, options, _ = SETS[name]
    with pytest.raises(DownloadError, match=r"data\.files: .*no such file"):
        kind(files=str(tmp_path), **options).setup()


def test_the_protocol_of_dysts(shared_data):
    data = Dysts(system="Lorenz", look_back=20, horizon=29)
    data.setup()
    test, train = (systems(part, points=15)["Lorenz"][:, 0] for part in ("test", "train"))
    assert len(test) == 180
    x, y = (part[..., 0].double().numpy() for part in data.split("test").tensors)
    np.testing.assert_allclose(x, test[None, 130:150], rtol=1e-6)
    np.testing.assert_allclose(y, test[None, 150:179], rtol=1e-6)
    fitted = data.split("train").tensors
    assert float(fitted[1][-1, -1]) == pytest.approx(test[149])  # nothing beyond ten periods is fitted
    chosen = data.split("val").tensors
    assert float(chosen[0][0, 0]) == pytest.approx(train[0])
    np.testing.assert_allclose(chosen[1][-1, :, 0], train[150:179], rtol=1e-6)


def test_the_train_series_that_runs_off_is_replaced_by_the_fitted_periods(shared_data):
    data = Dysts(system="PiecewiseCircuit", look_back=20, horizon=29)
    data.setup()
    test = systems("test", points=15)["PiecewiseCircuit"][:, 0]
    x, y = data.split("val").tensors
    assert float(x[0, 0, 0]) == pytest.approx(test[0])
    assert float(y[-1, -1, 0]) == pytest.approx(test[149])  # nothing that is tested


def test_there_are_131_systems_of_dysts(shared_data):
    assert len(systems("test", points=15)) == len(systems("train", points=15)) == 131


def test_an_unknown_system_is_named(tmp_path):
    Dysts().fake(tmp_path)
    with pytest.raises(ConfigError, match=r"data\.system: no system 'Lorentz'; did you mean 'Lorenz'.*Rossler"):
        Dysts(system="Lorentz", files=str(tmp_path)).setup()


@pytest.mark.parametrize(
    ("options", "message"),
    [({"points": 50}, "15 or 100 points a period, got 50"), ({"horizon": 30}, "at most 29 points, got 30")],
)
def test_what_dysts_does_not_have_is_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        Dysts(**options)


def test_the_standard_parts_of_etth1(shared_data):
    data = ETTh1(look_back=336, horizon=96, scaled=True)
    data.setup()
    assert [len(data.split(part)) for part in ("train", "val", "test")] == [8209, 2785, 2785]
    x, _ = data.split("train").tensors
    whole = torch.cat((x[:, 0], x[-1, 1:], data.split("train").tensors[1][-1]))
    assert len(whole) == 8640
    torch.testing.assert_close(whole.mean(0), torch.zeros(7), atol=1e-4, rtol=0)
    torch.testing.assert_close(whole.std(0, correction=0), torch.ones(7), atol=1e-4, rtol=0)


def test_the_years_of_the_sunspots(shared_data):
    data = Sunspots(look_back=12, horizon=1, val_fraction=0.16)
    data.setup()
    assert [len(data.split(part)) for part in ("train", "val", "test")] == [174, 35, 35]
    targets = data.split("test").tensors[1].flatten()
    assert float(targets[0]) == pytest.approx(26.1)  # 1921
    assert float(targets[-1]) == pytest.approx(38.0)  # 1955


def test_the_task_of_the_laser(shared_data):
    data = SantaFeLaser(look_back=40, horizon=100, val_fraction=0.2)
    data.setup()
    x, y = data.split("test").tensors
    assert len(x) == 1
    whole = data.series()[:, 0]
    np.testing.assert_array_equal(x[0, :, 0], whole[960:1000])
    np.testing.assert_array_equal(y[0, :, 0], whole[1000:1100])
    assert whole[:3].tolist() == [86, 141, 95]


def test_a_week_without_co2_keeps_the_value_before(tmp_path, shared_data):
    path = tmp_path / "co2.csv"
    path.write_text("date,co2\n19580329,316.1\n19580405,\n19580412,317.6\n")
    assert CO2().read(path).tolist() == [316.1, 316.1, 317.6]
    path.write_text("date,co2\n19580329,\n")
    with pytest.raises(MlsciError, match="the first week, 19580329, has no value"):
        CO2().read(path)
    assert len(CO2().series()) == 2284


def test_the_electrocardiogram_is_in_millivolts(shared_data):
    values = ECG().series()
    assert values.shape == (108000, 1)
    assert -4 < values.min() < values.max() < 4
    assert values[0, 0] == pytest.approx((975 - 1024) / 200)


def test_years_that_are_missing_are_refused(tmp_path):
    path = tmp_path / "sunspots.csv"
    path.write_text('"YEAR","SUNACTIVITY"\n1700,5\n1702,16\n')
    with pytest.raises(MlsciError, match="expected every year from 1700 on"):
        Sunspots().read(path)


def test_one_coordinate_of_lorenz_is_a_column_of_the_three():
    whole = Lorenz(**SMALL_LORENZ).series()
    np.testing.assert_array_equal(Lorenz(observed="zx", **SMALL_LORENZ).series(), whole[:, [2, 0]])
    assert not np.array_equal(Lorenz(trajectory_seed=1, **SMALL_LORENZ).series(), whole)
    with pytest.raises(ConfigError, match=r"data\.observed: .* got 'xw'"):
        Lorenz(observed="xw")
