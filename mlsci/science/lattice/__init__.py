"""Scalar fields on periodic lattices: actions, their sampling, and their partition functions."""
