"""The one door for data files: what is refused, and what the message says where a file cannot be had."""

import hashlib
from pathlib import Path

import pooch
import pytest

from mlsci.data import download
from mlsci.data.photoz import FILE, URL, PhotoZ
from mlsci.errors import DownloadError

TEXT = b"a small file\n"
SHA256 = hashlib.sha256(TEXT).hexdigest()
ORIGIN = "https://example.org/set/a.txt"


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty data folder."""
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def offline(monkeypatch) -> list[str]:
    """No network; keeps what was asked for."""
    asked = []

    def refuse(url, **options):
        asked.append(url)
        raise ConnectionError("Network is unreachable")

    monkeypatch.setattr(pooch, "retrieve", refuse)
    return asked


def serve(monkeypatch, content: bytes) -> list[str]:
    """A network that sends `content` for every address."""
    asked = []

    def send(self, url, output_file, pooch, check_only=False):
        asked.append(url)
        Path(output_file).write_bytes(content)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", send)
    return asked


def test_offline_and_missing_says_which_file_from_where_and_where_to_put_it(folder, offline):
    with pytest.raises(DownloadError) as caught:
        PhotoZ().prepare_data()
    message = str(caught.value)
    for words in (FILE, URL, str(folder / FILE), "MLSCI_DATA_DIR", "Network is unreachable"):
        assert words in message
    assert offline == [URL]


def test_no_data_set_asks_for_anything_when_it_is_built(folder, offline):
    assert PhotoZ().spec.inputs == (5,)
    assert offline == []
    assert not folder.exists()


def test_a_file_in_the_data_folder_is_taken_without_asking(folder, offline):
    (folder / "set").mkdir(parents=True)
    (folder / "set" / "a.txt").write_bytes(TEXT)
    assert download.fetch("set/a.txt", url=ORIGIN, sha256=SHA256) == folder / "set" / "a.txt"
    assert offline == []


def test_a_damaged_file_in_the_data_folder_is_refused_and_stays(folder, offline):
    (folder / "set").mkdir(parents=True)
    (folder / "set" / "a.txt").write_bytes(TEXT + b"x")
    with pytest.raises(DownloadError, match="the file is damaged or another version") as caught:
        download.fetch("set/a.txt", url=ORIGIN, sha256=SHA256)
    assert SHA256 in str(caught.value)
    assert ORIGIN in str(caught.value)
    assert (folder / "set" / "a.txt").is_file()
    assert offline == []


def test_the_galaxies_are_refused_with_another_content(folder, offline):
    PhotoZ().fake(folder)
    with pytest.raises(DownloadError, match="the sha256 is"):
        PhotoZ().setup()


def test_a_download_is_kept_if_its_checksum_is_right(folder, monkeypatch):
    asked = serve(monkeypatch, TEXT)
    for _ in range(2):
        assert download.fetch("set/a.txt", url=ORIGIN, sha256=SHA256).read_bytes() == TEXT
    assert asked == [ORIGIN]
    assert [path.name for path in (folder / "set").iterdir()] == ["a.txt"]


def test_a_download_with_a_wrong_checksum_is_not_kept(folder, monkeypatch):
    serve(monkeypatch, b"something else")
    with pytest.raises(DownloadError, match=f"another sha256 than {SHA256}; nothing was kept"):
        download.fetch("set/a.txt", url=ORIGIN, sha256=SHA256)
    assert list((folder / "set").iterdir()) == []


def test_a_download_that_breaks_off_leaves_nothing(folder, monkeypatch):
    def send(self, url, output_file, pooch, check_only=False):
        Path(output_file).write_bytes(TEXT[:3])
        raise TimeoutError("timed out")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", send)
    with pytest.raises(DownloadError, match="timed out"):
        download.fetch("set/a.txt", url=ORIGIN, sha256=SHA256)
    assert list((folder / "set").iterdir()) == []


def test_a_data_folder_that_cannot_be_written_is_a_message(tmp_path, monkeypatch, offline):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path / "file"))
    with pytest.raises(DownloadError, match=r"set/a\.txt: not in "):
        download.fetch("set/a.txt", url=ORIGIN, sha256=SHA256)


def test_without_the_variable_the_users_cache_is_used(monkeypatch):
    monkeypatch.delenv("MLSCI_DATA_DIR", raising=False)
    assert download.data_dir().name == "mlsci"
    monkeypatch.setenv("MLSCI_DATA_DIR", "~/data")
    assert download.data_dir() == Path.home() / "data"
