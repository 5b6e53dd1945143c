"""Atoms: structures with labels, neighbour lists, and graphs in PyG's form."""
