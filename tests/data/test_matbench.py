"""Matbench's composition tasks: the official folds stay what they are, and what cannot be read is named."""

import csv
import gzip
import json

import numpy as np
import pytest
import torch

from mlsci.data.matbench import ExptGap, ExptIsMetal, as_sets, convert
from mlsci.errors import ConfigError, DownloadError, MlsciError


def made(folder, kind=ExptGap, **options):
    data = kind(files=str(folder), **options)
    data.fake(folder)
    data.setup()
    return data


def rows(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_sets_hold_atomic_numbers_and_shares():
    found = as_sets(["Ag(AuS)2", "Al0.25Ga0.75As"], elements=4)
    np.testing.assert_allclose(found[0], [[47, 0.2], [79, 0.4], [16, 0.4], [0, 0]])
    np.testing.assert_allclose(found[1], [[13, 0.125], [31, 0.375], [33, 0.5], [0, 0]])


def test_a_composition_that_does_not_fit_is_named():
    with pytest.raises(MlsciError, match=r"NaClO has 3 elements, data\.elements=2 has no room"):
        as_sets(["NaClO"], elements=2)
    with pytest.raises(MlsciError, match="'Xx' is no element from H to Pu"):
        as_sets(["XxO"], elements=2)


@pytest.mark.parametrize("kind", [ExptGap, ExptIsMetal])
@pytest.mark.parametrize("fold", [0, 4])
def test_the_test_part_is_the_fold_of_the_file_whatever_else_is_asked_for(kind, fold, tmp_path):
    data = made(tmp_path, kind, fold=fold, split_seed=7, val_fraction=0.2)
    table = rows(tmp_path / data.file)
    formulas = [row["composition"] for row in table if int(row["fold"]) == fold]
    torch.testing.assert_close(data.split("test").tensors[0], torch.tensor(as_sets(formulas, elements=4)).float())
    assert [len(data.split(part)) for part in ("train", "val", "test")] == [128, 32, 40]


def test_other_folds_than_the_official_ones_are_refused():
    with pytest.raises(ConfigError, match=r"data\.fold: expected 0 to 4, got 5"):
        ExptGap(fold=5)
    with pytest.raises(ConfigError, match=r"data\.folds: the folds of the benchmark are 5, got 10"):
        ExptIsMetal(folds=10)
    with pytest.raises(ConfigError, match=r"data\.elements: expected at least 2, got 1"):
        ExptGap(elements=1)


def test_the_target_has_a_name_and_a_unit(tmp_path):
    gap, metal = made(tmp_path).spec, made(tmp_path, ExptIsMetal).spec
    assert (gap.target_names, dict(gap.units)) == (("gap",), {"gap": "eV"})
    assert metal.classes == ("not a metal", "metal")


def test_a_class_that_is_neither_true_nor_false_is_named(tmp_path):
    path = tmp_path / "matbench/matbench_expt_is_metal.csv"
    made(tmp_path, ExptIsMetal)
    path.write_text(path.read_text().replace("True", "maybe", 1))
    with pytest.raises(MlsciError, match="is_metal: expected True or False, got 'maybe'"):
        ExptIsMetal(files=str(tmp_path)).setup()


def test_another_table_is_refused(tmp_path, monkeypatch):
    ExptGap().fake(tmp_path)
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path))
    with pytest.raises(DownloadError, match="the sha256 is"):
        ExptGap().setup()


@pytest.mark.parametrize(("kind", "samples"), [(ExptGap, 4604), (ExptIsMetal, 4921)])
def test_the_benchmark_s_own_file_converts_to_the_real_table(kind, samples, shared_data, tmp_path):
    data = kind()
    source = shared_data / data.file
    read = (lambda cell: cell == "True") if kind is ExptIsMetal else float
    table = rows(source)
    content = {
        "index": [row["mbid"] for row in table],
        "columns": ["composition", data.column],
        "data": [[row["composition"], read(row[data.column])] for row in table],
    }
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(json.dumps(content).encode()))
    convert(tmp_path / "a.json.gz", tmp_path / "a.csv", column=data.column, prefix=table[0]["mbid"][:-5])
    assert (tmp_path / "a.csv").read_bytes() == source.read_bytes()  # the folds too are made anew
    data.prepare_data()
    data.setup()
    parts = [data.split(part).tensors for part in ("train", "val", "test")]
    assert sum(len(y) for _, y in parts) == samples
    shares = torch.cat([x[..., 1] for x, _ in parts])
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(samples))


@pytest.mark.parametrize("content", [b"[]", b'{"columns": ["composition"], "data": []}', b"{"])
def test_a_file_of_another_kind_is_refused(content, tmp_path):
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(content))
    with pytest.raises(DownloadError, match=r"expected JSON with 'columns' \(composition, gap expt\)"):
        convert(tmp_path / "a.json.gz", tmp_path / "a.csv", column="gap expt", prefix="mb")
