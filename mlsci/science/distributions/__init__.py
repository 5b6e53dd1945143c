"""Distributions whose density is known exactly: what a generative model of their samples should find."""
