"""Images of FITS files (Pence et al. 2010, A&A 524, A42): the primary array, and nothing else of the format."""

import math
from collections.abc import Mapping

import numpy as np

from mlsci.errors import DownloadError

BLOCK, CARD = 2880, 80
KINDS = {8: ">u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}


def read_image(content: bytes, *, source: str) -> np.ndarray:
    """The primary array in float64, axes of length 1 left out; BSCALE and BZERO are applied.

    Raises:
        DownloadError: no FITS file, a cut one, or one without a primary array.
    """
    header, start = read_header(content, source=source)
    try:
        shape = [int(header[f"NAXIS{axis}"]) for axis in range(int(header["NAXIS"]), 0, -1)]
        kind = np.dtype(KINDS[int(header["BITPIX"])])
    except (KeyError, ValueError) as error:
        raise DownloadError(f"{source}: a FITS header without NAXIS or BITPIX that can be read: {error}") from error
    size = math.prod(shape) if shape else 0
    if size == 0 or len(content) < start + size * kind.itemsize:
        raise DownloadError(f"{source}: expected an array of shape {tuple(shape)} after the header, the file is cut")
    values = np.frombuffer(content, kind, count=size, offset=start).reshape(shape).astype(np.float64)
    return np.squeeze(values * float(header.get("BSCALE", 1)) + float(header.get("BZERO", 0)))


def read_header(content: bytes, *, source: str) -> tuple[Mapping[str, str], int]:
    """Keywords and their values as text, and where the data begin."""
    if content[:9] != b"SIMPLE  =":
        raise DownloadError(f"{source}: no FITS file")
    header: dict[str, str] = {}
    for start in range(0, len(content), CARD):
        card = content[start : start + CARD].decode("ascii", errors="replace")
        if card.rstrip() == "END":
            return header, -(-(start + CARD) // BLOCK) * BLOCK
        if card[8:10] == "= ":
            header[card[:8].rstrip()] = card[10:].split("/")[0].strip().strip("'").rstrip()
    raise DownloadError(f"{source}: a FITS header without END, the file is cut")
