"""Every data set: its spec, its made-up files through the same code, and its real files where they are at hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from mlsci.data.breast_cancer import BreastCancer
from mlsci.data.diabetes import Diabetes
from mlsci.data.digits import Digits
from mlsci.data.matbench import ExptGap, ExptIsMetal
from mlsci.data.mnist import MNIST
from mlsci.data.photoz import PhotoZ
from mlsci.data.pulsars import Pulsars
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError, DownloadError, MlsciError

SETS = {
    "digits": Digits,
    "diabetes": Diabetes,
    "breast_cancer": BreastCancer,
    "photoz": PhotoZ,
    "pulsars": Pulsars,
    "mnist": MNIST,
    "expt_gap": ExptGap,
    "expt_is_metal": ExptIsMetal,
}
EXPECTED = {  # inputs, targets, classes, samples
    "digits": ((1, 8, 8), (), 10, 1797),
    "diabetes": ((10,), (1,), 0, 442),
    "breast_cancer": ((30,), (), 2, 569),
    "photoz": ((5,), (1,), 0, 5000),
    "pulsars": ((8,), (), 2, None),
    "mnist": ((1, 28, 28), (), 10, None),
    "expt_gap": ((4, 2), (1,), 0, None),
    "expt_is_metal": ((4, 2), (), 2, None),
}


def made(name: str, folder, **options):
    """A data set on its made-up files, set up."""
    data = SETS[name](files=str(folder), **options)
    data.fake(folder)
    data.prepare_data()
    data.setup()
    return data


@pytest.mark.parametrize("name", SETS)
def test_the_spec_is_known_before_any_file(name, tmp_path):
    data = SETS[name](files=str(tmp_path))
    inputs, targets, classes, _ = EXPECTED[name]
    assert (data.spec.inputs, data.spec.targets) == (inputs, targets)
    assert len(data.spec.classes or ()) == classes
    assert data.spec.out_features == (classes or 1)
    assert data.spec.in_features == math.prod(inputs)
    assert DataSpec.from_mapping(data.spec.mapping()) == data.spec
    if data.spec.input_names is not None:
        assert len(data.spec.input_names) == data.spec.in_features
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", SETS)
def test_made_up_files_go_through_the_same_code(name, tmp_path):
    data = made(name, tmp_path)
    inputs, targets, classes, _ = EXPECTED[name]
    for part in ("train", "val", "test"):
        x, y = data.split(part).tensors
        assert x.shape[1:] == inputs
        assert x.dtype == torch.float32
        assert y.dtype == (torch.int64 if classes else torch.float32)
        assert y.shape == (len(x), *targets)
        assert len(x) > 0
        assert torch.isfinite(x).all()
    if classes:
        assert set(data.split("train").tensors[1].tolist()) == set(range(classes))


@pytest.mark.parametrize("name", SETS)
def test_statistics_are_those_of_the_training_part(name, tmp_path):
    data = made(name, tmp_path)
    x, y = data.split("train").tensors
    found = data.spec.statistics
    if x.dim() == 2:
        np.testing.assert_allclose(found["inputs"]["mean"], x.double().mean(0), rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(found["inputs"]["std"], x.double().std(0, correction=0), rtol=1e-6)
    if y.is_floating_point():
        np.testing.assert_allclose(found["targets"]["mean"], y.double().mean(0), rtol=1e-6)
        np.testing.assert_allclose(found["targets"]["std"], y.double().std(0, correction=0), rtol=1e-6)
    plain = made(name, tmp_path, standardise=False).spec.statistics["inputs"]
    assert np.all(np.array(plain["mean"]) == 0)
    assert np.all(np.array(plain["std"]) == 1)


@pytest.mark.parametrize("name", ["digits", "diabetes", "breast_cancer"])
def test_sets_that_come_with_scikit_learn_have_their_size(name, tmp_path):
    data = made(name, tmp_path)
    assert sum(len(data.split(part)) for part in ("train", "val", "test")) == EXPECTED[name][3]


def test_the_galaxies_are_those_of_the_file(shared_data):
    data = PhotoZ()
    data.prepare_data()
    data.setup()
    parts = [data.split(part).tensors for part in ("train", "val", "test")]
    assert [len(x) for x, _ in parts] == [3600, 400, 1000]
    redshift = torch.cat([y for _, y in parts])
    assert float(redshift.min()) > 0
    assert float(redshift.max()) < 1
    magnitudes = torch.cat([x for x, _ in parts])
    assert float(magnitudes.min()) > 10
    assert float(magnitudes.max()) < 30
    colour = PhotoZ(columns=["u-g"])
    colour.setup()
    x, bands = colour.split("train").tensors[0], data.split("train").tensors[0]
    torch.testing.assert_close(x[:, 0], bands[:, 0] - bands[:, 1], atol=2e-4, rtol=0)


def test_the_pulsars_are_those_of_the_file(shared_data):
    data = Pulsars()
    data.prepare_data()
    data.setup()
    labels = torch.cat([data.split(part).tensors[1] for part in ("train", "val", "test")])
    assert (len(labels), int(labels.sum())) in {(17898, 1639), (14318, 1322)}


def test_malignant_is_the_positive_class(tmp_path):
    data = made("breast_cancer", tmp_path)
    assert data.spec.classes == ("benign", "malignant")
    labels = torch.cat([data.split(part).tensors[1] for part in ("train", "val", "test")])
    assert int(labels.sum()) == 212


@pytest.mark.parametrize(
    ("column", "hint"), [("zs", "known: u, g"), ("u_g", "did you mean 'u-g'"), ("K", "known: u, g")]
)
def test_an_unknown_column_of_the_galaxies_is_named(column, hint):
    with pytest.raises(ConfigError, match=rf"data\.columns: no column '{column}'.*{hint}"):
        PhotoZ(columns=["u", column])


def test_the_columns_of_the_galaxies_are_chosen_by_name(tmp_path):
    data = made("photoz", tmp_path, columns=["r", "g-r", "eg", "log eg"])
    table = np.loadtxt(tmp_path / "photoz" / "SDSS_MGS.train")
    assert data.spec.input_names == ("r", "g-r", "eg", "log eg")
    rows = data.parts(table[:, :1]).train
    x = data.split("train").tensors[0].numpy()
    np.testing.assert_allclose(x[:, 0], table[rows, 3], rtol=1e-6)
    np.testing.assert_allclose(x[:, 1], table[rows, 7], rtol=1e-5)
    np.testing.assert_allclose(x[:, 3], np.log(x[:, 2]), rtol=1e-5)


def test_compressed_moments_have_names_of_their_own(tmp_path):
    raw, compressed = made("pulsars", tmp_path), made("pulsars", tmp_path, compress=True)
    x, z = (data.split("train").tensors[0] for data in (raw, compressed))
    torch.testing.assert_close(z[:, :2], x[:, :2])
    torch.testing.assert_close(z[:, 2:], x[:, 2:].asinh(), atol=1e-5, rtol=1e-5)
    assert compressed.spec.input_names[2] == "arcsinh EK_IP"
    assert raw.spec.input_names[2] == "EK_IP"


@pytest.mark.parametrize("name", ["photoz", "pulsars"])
def test_a_file_that_is_not_in_the_given_folder_is_named(name, tmp_path):
    data = SETS[name](files=str(tmp_path / "nowhere"))
    with pytest.raises(DownloadError, match=r"data\.files: .*nowhere.*: no such file"):
        data.setup()


def test_a_pulsar_file_with_other_counts_is_refused(tmp_path, monkeypatch):
    Pulsars().fake(tmp_path)
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path))
    with pytest.raises(DownloadError, match="400 candidates with 50 pulsars, expected 17898 with 1639"):
        Pulsars().setup()


@pytest.mark.parametrize("size", [0, -3])
def test_a_batch_has_at_least_one_sample(size):
    with pytest.raises(ConfigError, match=r"data\.batch_size: expected at least 1"):
        Digits(batch_size=size)


def test_arrays_that_are_not_as_declared_are_refused(tmp_path):
    class Wrong(Digits):
        def shapes(self):
            return replace(super().shapes(), inputs=(1, 9, 9))

    with pytest.raises(MlsciError, match=r"Wrong: inputs have shape \(1797, 1, 8, 8\)"):
        Wrong().setup()


def test_values_that_are_not_finite_are_refused(tmp_path):
    class Holes(Diabetes):
        def arrays(self):
            x, y = super().arrays()
            x[17, 3] = np.nan
            return x, y

    with pytest.raises(MlsciError, match="Holes: inputs of row 17 are not finite"):
        Holes().setup()
