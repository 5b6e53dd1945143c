"""Invertible maps with their log-determinants, the parts of normalising flows."""
