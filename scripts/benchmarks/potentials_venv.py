"""The peers of the comparison of interatomic potentials."""

from peer_venv import Peer

SHARED = ("torch", "lightning", "numpy", "scipy", "ase")  # never installed again, nor in another version
PEERS = {
    "mace": Peer("mace-torch", "MIT", ("mace-torch==0.3.16",)),  # brings e3nn 0.4.4, which hides ours there
    "nequip": Peer("nequip", "MIT", ("nequip==0.19.1",)),
}
