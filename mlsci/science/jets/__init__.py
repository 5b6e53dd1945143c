"""Truncated Taylor series that run through a net in one pass: derivatives up to fourth order, mixed ones too."""

from mlsci.science.jets.jet import Jet, coordinates
from mlsci.science.jets.known import Known, known
from mlsci.science.jets.layout import Layout

__all__ = ["Jet", "Known", "Layout", "coordinates", "known"]
