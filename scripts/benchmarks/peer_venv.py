"""Throw-away virtual environments of the peers, that see the packages of the running interpreter."""

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True)
class Peer:
    """A package that is compared.

    Args:
        title: as the table calls it.
        licence: of the package, which stays outside of this repository.
        pins: what pip installs; the first is the package itself.
        module: that is imported to see whether it works; None: the peer's own name.
        environment: variables while it is installed and tried.
    """

    title: str
    licence: str
    pins: tuple[str, ...]
    module: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Of the package."""
        return self.pins[0].split("==")[1]


def make(name: str, peer: Peer, *, folder: Path, shared: Sequence[str]) -> tuple[str, str]:
    """The environment's interpreter, or an empty string and what went wrong.

    A `.pth` file adds the running interpreter's packages behind its own, so that pip finds torch there; those in
    `shared` are never installed again, nor in another version.
    """
    place = folder / name
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        venv.create(place, with_pip=True)
    own = Path(_output([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]))
    host = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    (own / "host.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in host))
    constraints = place / "constraints.txt"
    constraints.write_text("".join(f"{package}=={version(package)}\n" for package in shared))
    install = [[str(python), "-m", "pip", "install", "--quiet", "-c", str(constraints), *peer.pins]]
    for command in ([] if _there(python, peer) else install) + [[str(python), "-c", f"import {peer.module or name}"]]:
        environment = {**os.environ, **peer.environment}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            return "", (done.stderr.strip().splitlines() or ["no message"])[-1]
    return str(python), ""


def environments(
    names: Sequence[str], peers: Mapping[str, Peer], *, folder: Path, shared: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
    """The interpreters of the peers, and a line for each that can't be installed."""
    found, lost = {}, []
    for name in names:
        python, why = make(name, peers[name], folder=folder, shared=shared)
        if python:
            found[name] = python
        else:
            lost.append(f"{peers[name].title} is left out, it can't be installed here: {why}")
    return found, lost


def _there(python: Path, peer: Peer) -> bool:
    """Whether the environment has the very versions already."""
    wanted = dict(pin.split("==") for pin in peer.pins)
    code = (
        f"from importlib.metadata import version; print({{name: version(name) for name in {list(wanted)}}} == {wanted})"
    )
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() == "True"


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
