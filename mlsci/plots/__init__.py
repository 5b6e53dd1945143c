"""Figures of what a model predicted: built by config, drawn from an `Outcome`, returned by matplotlib."""
