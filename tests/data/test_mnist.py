"""MNIST: the idx format, the parts, and what is refused."""

import gzip
import hashlib
import struct

import numpy as np
import pytest
import torch

from mlsci.data import mnist
from mlsci.data.mnist import MNIST, read_idx, write_idx
from mlsci.errors import DownloadError


@pytest.fixture
def made(tmp_path):
    data = MNIST(files=str(tmp_path), val_fraction=0.1)
    data.fake(tmp_path)
    data.setup()
    return data


def test_the_authors_test_part_is_the_test_part(made, tmp_path):
    pictures = read_idx(gzip.decompress((tmp_path / "mnist/t10k-images-idx3-ubyte.gz").read_bytes()), source=tmp_path)
    x, y = made.split("test").tensors
    np.testing.assert_allclose(x[:, 0], pictures / 255, rtol=1e-6)
    assert y.tolist() == [i % 10 for i in range(100)]
    assert [len(made.split(part)) for part in ("train", "val")] == [270, 30]
    train, val = (made.split(part).tensors[0].flatten(1).numpy() for part in ("train", "val"))
    assert not {row.tobytes() for row in train} & {row.tobytes() for row in val}


def test_idx_is_written_as_its_inventors_say(tmp_path):
    values = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    write_idx(tmp_path / "a.gz", values)
    content = gzip.decompress((tmp_path / "a.gz").read_bytes())
    assert content[:16] == struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 3, 4)
    assert content[16:] == bytes(range(24))
    np.testing.assert_array_equal(read_idx(content, source=tmp_path), values)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x00\x09\x01\x00\x00\x00\x01\x05",
        b"\x00\x00\x08\x02\x00\x00",
        b"\x00\x00\x08\x01\x00\x00\x00\x02\x05",
    ],
)
def test_what_is_no_idx_of_bytes_is_refused(content, tmp_path):
    with pytest.raises(DownloadError, match="no idx file of bytes, or a cut one"):
        read_idx(content, source=tmp_path)


def test_another_content_is_refused_and_another_compression_is_not(tmp_path, monkeypatch):
    data = MNIST()
    data.fake(tmp_path)
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path))
    with pytest.raises(DownloadError, match=r"sha256 of what is in it is .*, expected ba891046"):
        data.setup()
    found = {}
    for name in mnist.FILES:
        path = tmp_path / "mnist" / f"{name}.gz"
        content = gzip.decompress(path.read_bytes())
        found[name] = hashlib.sha256(content).hexdigest()
        path.write_bytes(gzip.compress(content, compresslevel=9))
    monkeypatch.setattr(mnist, "FILES", found)
    data = MNIST()
    data.prepare_data()
    data.setup()
    assert len(data.split("test")) == 100


def test_a_damaged_file_is_named(tmp_path):
    data = MNIST(files=str(tmp_path))
    data.fake(tmp_path)
    (tmp_path / "mnist/train-labels-idx1-ubyte.gz").write_bytes(b"no gzip")
    with pytest.raises(DownloadError, match=r"train-labels-idx1-ubyte\.gz: no gzip file"):
        data.setup()


def test_the_real_digits(shared_data):
    data = MNIST(val_fraction=0.05)
    data.prepare_data()
    data.setup()
    assert [len(data.split(part)) for part in ("train", "val", "test")] == [57000, 3000, 10000]
    x, y = data.split("test").tensors
    assert torch.bincount(y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]  # as published
    assert (float(x.min()), float(x.max())) == (0.0, 1.0)
