"""The one door for data files: public origin, sha256, atomic, resumable by typing the command again."""

import hashlib
import os
import sys
from pathlib import Path

import pooch

from mlsci.errors import DownloadError


def data_dir() -> Path:
    """`MLSCI_DATA_DIR`, or `mlsci` in the user's cache folder."""
    chosen = os.environ.get("MLSCI_DATA_DIR")
    return Path(chosen).expanduser() if chosen else Path(pooch.os_cache("mlsci"))


def digest(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fetch(name: str, *, url: str, sha256: str | None) -> Path:
    """The path of the data file `name` ("folder/file"), downloaded if it is not in `data_dir()` yet.

    `sha256=None` is for an origin whose checksum was never seen: the reader then checks the content.

    Raises:
        DownloadError: the file is missing and its origin cannot be reached, or its checksum is wrong.
            Says which file, from where, and where to put it.
    """
    path = data_dir() / name
    if path.is_file():
        if sha256 is not None:
            _verify(path, expected=sha256, url=url)
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pooch.retrieve(
            url,
            known_hash=None if sha256 is None else f"sha256:{sha256}",
            fname=path.name,
            path=path.parent,
            downloader=pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=30),
        )
    except ValueError as error:  # pooch: the downloaded file has another hash
        raise DownloadError(f"{name}: what {url} sent has another sha256 than {sha256}; nothing was kept") from error
    except Exception as error:
        raise DownloadError(
            f"{name}: not in {data_dir()} and not to be had from {url} ({_short(error)}). "
            f"Download it yourself and put it at {path}, or set MLSCI_DATA_DIR to a folder that has it."
        ) from error
    return path


def find(name: str, *, files: str | None, url: str, sha256: str | None) -> Path:
    """The path of a data file in the folder `files`, which is not checked, or else from `fetch`.

    Raises:
        DownloadError: it is not there.
    """
    if files is None:
        return fetch(name, url=url, sha256=sha256)
    path = Path(files) / name
    if not path.is_file():
        raise DownloadError(f"data.files: {path}: no such file; data.files=null fetches it from {url}")
    return path


def _verify(path: Path, *, expected: str, url: str) -> None:
    found = digest(path)
    if found != expected:
        raise DownloadError(
            f"{path}: the sha256 is {found}, expected {expected}; the file is damaged or another version. "
            f"Delete it to download it again from {url}."
        )


def _short(error: BaseException) -> str:
    text = str(error).splitlines()[0] if str(error) else ""
    return f"{type(error).__name__}: {text}"[:200]
