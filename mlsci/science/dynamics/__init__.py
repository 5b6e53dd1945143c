"""Molecular dynamics of any potential: integrators, velocities, limits; pure torch in float64."""
