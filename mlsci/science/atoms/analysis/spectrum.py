"""Vibrational density of states: the spectrum of the mass-weighted velocities, by Welch's method.

P. D. Welch, IEEE Trans. Audio Electroacoust. 15 (1967) 70-73. By Wiener and Khinchin it is the Fourier transform of
the velocity autocorrelation Σ m <v(0) v(t)>.
"""

from __future__ import annotations

import numpy as np

from mlsci.errors import ConfigError, MlsciError
from mlsci.science.atoms.analysis.curve import Curve
from mlsci.science.dynamics.units import WAVENUMBER


class Spectrum:
    """Collects velocities frame by frame, transforms a segment as soon as it is full, and keeps its power only.

    Segments overlap by half and are weighted by Hann's window. Lines are about 2 / (segment · interval) wide.

    Args:
        masses: of the atoms, (A,), u.
        interval: between two frames, fs; frequencies up to 1 / (2 interval) are seen, faster ones fold back.
        segment: frames.
    """

    def __init__(self, masses: np.ndarray, *, interval: float, segment: int):
        if not interval > 0 or segment < 8:
            raise ConfigError(f"spectrum: expected interval > 0 fs, segment >= 8, got {interval:g} and {segment}")
        self.masses = np.asarray(masses, dtype=np.float64)
        self.interval, self.segment = interval, segment
        self.segments = 0
        self._window = np.hanning(segment + 2)[1:-1]
        self._power = np.zeros(segment + 1)  # of 2 · segment frames, one half of them zeros
        self._kept = np.empty((segment, len(self.masses), 3), dtype=np.float32)
        self._filled = 0

    def add(self, velocities: np.ndarray) -> None:
        """One more frame, (A, 3), Å/fs."""
        self._kept[self._filled] = velocities
        self._filled += 1
        if self._filled == self.segment:
            self._transform()
            half = self.segment // 2
            self._kept[: self.segment - half] = self._kept[half:].copy()
            self._filled = self.segment - half

    def _transform(self) -> None:
        for atom, mass in enumerate(self.masses):  # one atom at a time: little memory
            windowed = self._window[:, None] * self._kept[:, atom]  # (segment, 3)
            self._power += mass * (np.abs(np.fft.rfft(windowed, 2 * self.segment, axis=0)) ** 2).sum(1)
        self.segments += 1

    def curve(self, *, width: float = 0.0) -> Curve:
        """The density on wavenumbers, of area 1, per cm⁻¹; `width` [cm⁻¹] broadens it by a Gaussian.

        Raises:
            MlsciError: less than one segment of frames.
        """
        if not self.segments:
            raise MlsciError(f"spectrum: {self._filled} frames, expected at least a segment of {self.segment}")
        axis = np.fft.rfftfreq(2 * self.segment, self.interval) * WAVENUMBER
        return Curve(axis, self._power).broadened(width).normalised()


def segment_for(frames: int, *, interval: float, resolution: float = 10.0) -> int:
    """Frames of a segment for lines about `resolution` [cm⁻¹] wide, or all there are where these are too few."""
    wanted = round(2 * WAVENUMBER / (resolution * interval))
    return max(8, min(wanted, frames))


def vibrational_density(
    velocities: np.ndarray, masses: np.ndarray, *, interval: float, resolution: float = 10.0, width: float = 0.0
) -> Curve:
    """The vibrational density of states of a trajectory of velocities (T, A, 3), see `Spectrum`."""
    spectrum = Spectrum(
        masses, interval=interval, segment=segment_for(len(velocities), interval=interval, resolution=resolution)
    )
    for frame in velocities:
        spectrum.add(frame)
    return spectrum.curve(width=width)
