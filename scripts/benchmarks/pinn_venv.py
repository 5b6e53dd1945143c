"""The peers of the comparison of physics-informed nets."""

from peer_venv import Peer

SHARED = ("torch", "lightning", "numpy", "scipy")  # never installed again, nor in another version
BACKEND = {"DDE_BACKEND": "pytorch"}  # or DeepXDE writes one into the home folder
PEERS = {
    "deepxde": Peer(
        "DeepXDE",
        "LGPL-2.1",
        ("deepxde==1.15.0", "scikit-optimize==0.10.2", "pyaml==26.7.0"),
        environment=BACKEND,
    ),
    "pina": Peer("PINA", "MIT", ("pina-mathlab==0.3.2",)),
    # pyDOE 1.x has another import name, which pinnstorch does not know
    "pinnstorch": Peer("pinnstorch", "BSD-3-Clause", ("pinnstorch==0.1.2", "pyDOE==0.3.8", "rootutils==1.0.7")),
}
