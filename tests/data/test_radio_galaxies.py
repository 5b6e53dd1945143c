"""Radio galaxies: the real file, made-up ones, and the road from FITS files."""

import io
import tarfile

import numpy as np
import pytest

from mlsci.data.fits import read_image
from mlsci.data.radio_galaxies import RadioGalaxies, cleaned, from_archive
from mlsci.errors import ConfigError, DownloadError


def fits(image, **more):
    cards = {"SIMPLE": "T", "BITPIX": "-32", "NAXIS": "3", "NAXIS1": image.shape[1], "NAXIS2": image.shape[0]}
    cards |= {"NAXIS3": "1", "OBJECT": "'a / b'"} | more
    header = "".join(f"{key:<8}= {value!s:>20}".ljust(80) for key, value in cards.items()) + "END".ljust(80)
    values = image.astype(">f4").tobytes()
    return header.ljust(-(-len(header) // 2880) * 2880).encode() + values.ljust(-(-len(values) // 2880) * 2880, b"\0")


def test_an_image_is_read_and_scaled():
    image = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(read_image(fits(image), source="a"), image)
    np.testing.assert_array_equal(read_image(fits(image, BSCALE="2.0", BZERO="1.0"), source="a"), 2 * image + 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>", "a: no FITS file"),
        (fits(np.zeros((100, 100)))[:3000], r"expected an array of shape \(1, 100, 100\)"),
        (fits(np.zeros((2, 2)))[:400], "a FITS header without END"),
        (fits(np.zeros((2, 2)), BITPIX="7"), "without NAXIS or BITPIX that can be read"),
    ],
)
def test_what_is_no_fits_file_is_refused(content, message):
    with pytest.raises(DownloadError, match=message):
        read_image(content, source="a")


def test_noise_and_neighbours_are_removed():
    draw = np.random.default_rng(0)
    image = draw.normal(size=(300, 300))
    image[145:155, 140:160] = 1000.0
    image[150, 150] = 2000.0
    image[150, 100] = 5000.0  # a neighbour, 50 pixels away
    found = cleaned(image, size_arcsec=60.0)
    assert found.shape == (150, 150)
    assert found[75, 75] == 255
    assert found[72, 72] == 128
    assert found[75, 25] == 0
    assert (found > 0).sum() < 220  # 200 pixels of the source, and single ones of noise
    assert cleaned(np.zeros((150, 150)), size_arcsec=60.0).max() == 0


def test_an_archive_is_read_in_the_order_of_names(tmp_path):
    image = np.zeros((160, 160))
    image[70:90, 70:90] = 1.0
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("200_b_0.1_0060.00.fits", "100_a_0.1_0060.00.fits", "readme.txt"):
            content = fits(image) if name.endswith("fits") else b"text"
            member = tarfile.TarInfo(f"MiraBest-1/FITS/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    found = from_archive(path)
    assert found["code"].tolist() == [100, 200]
    assert found["images"].shape == (2, 150, 150)


def test_made_up_galaxies_have_both_classes_and_no_hybrid(tmp_path):
    RadioGalaxies().fake(tmp_path)
    data = RadioGalaxies(files=str(tmp_path), side=24, pool=2)
    data.setup()
    assert sum(len(data.split(part)) for part in ("train", "val", "test")) == 339
    x, y = data.split("test").tensors
    assert x.shape == (68, 1, 24, 24)
    assert y.unique().tolist() == [0, 1]
    with pytest.raises(ConfigError, match="between 1 and 150 pixels, got 80 · 2"):
        RadioGalaxies(side=80)


def test_a_training_image_is_seen_from_eight_sides(tmp_path):
    RadioGalaxies().fake(tmp_path)
    plain, turned = (RadioGalaxies(files=str(tmp_path), turned=turned) for turned in (False, True))
    for data in (plain, turned):
        data.setup()
    (images, classes), (all_images, all_classes) = (data.split("train").tensors for data in (plain, turned))
    assert len(all_images) == len(all_classes) == 8 * len(images)
    first = all_images[:: len(images), 0]  # (8, side, side), the first image
    assert {str(image.tolist()) for image in first} == {
        str(np.rot90(image, count).tolist())
        for image in (images[0, 0].numpy(), images[0, 0].T.numpy())
        for count in range(4)
    }
    assert all_classes[:: len(images)].tolist() == 8 * [int(classes[0])]
    assert len(turned.split("test")) == len(plain.split("test"))
    found = plain.spec.statistics["inputs"]
    assert (found["mean"], found["std"]) == pytest.approx((float(images.mean()), float(images.std())), rel=1e-3)
    assert RadioGalaxies(files=str(tmp_path), standardise=False).declare().statistics["inputs"]["std"] == 1.0


def test_the_real_galaxies(shared_data):
    data = RadioGalaxies()
    data.prepare_data()
    data.setup()
    x, _ = data.split("train").tensors
    assert (float(x.min()), x.shape[1:]) == (0.0, (1, 32, 32))
    assert float(x.max()) <= 1.0
    total = sum(len(data.split(part)) for part in ("train", "val", "test"))
    assert 950 < total <= 972  # 1001 without 29 hybrids, and without empty images
    assert RadioGalaxies(certain=True).arrays()[1].sum() == 337 + 4


def test_another_file_is_refused(tmp_path, monkeypatch):
    RadioGalaxies().fake(tmp_path)
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path))
    with pytest.raises(DownloadError, match="340 sources with other classes than the 1001 of MiraBest"):
        RadioGalaxies().setup()
