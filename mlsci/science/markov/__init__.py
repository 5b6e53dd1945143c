"""Markov chains that sample a density known up to a constant, and how independent their states are."""
