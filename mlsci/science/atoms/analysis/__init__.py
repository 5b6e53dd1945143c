"""What trajectories say: radial distribution, vibrational spectrum, dihedral angles, and how much two curves agree."""
