"""`mlsci simulate` and `mlsci relax` from the command line, with a checkpoint of a real net."""

import json

import ase
import numpy as np
import pytest
import torch
from ase.io import read, write

import mlsci
from mlsci.atoms import Calculator
from mlsci.atoms.options import SimulateOptions
from mlsci.atoms.potential import PotentialField
from mlsci.cli import main
from mlsci.science.atoms.structure import Structure

ETHANOL = ase.Atoms(
    "C2OH6",
    [
        [-0.89, -0.36, 0.02], [0.46, 0.32, -0.03], [1.49, -0.66, 0.05], [-0.97, -1.05, 0.87], [-1.02, -0.93, -0.90],
        [-1.69, 0.38, 0.07], [0.55, 0.90, -0.95], [0.57, 1.02, 0.81], [2.33, -0.19, 0.01],
    ],
)  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """A folder with a molecule."""
    write(tmp_path / "ethanol.xyz", ETHANOL)
    return tmp_path


def test_simulate_writes_trajectory_summary_and_figures(untrained, folder, run_cli):
    options = [
        "steps=150",
        "ensemble=nve",
        "temperature=100",
        "replicas=2",
        "every=50",
        "out=md/run.xyz",
        "timestep=1",
    ]
    answer = run_cli(["simulate", untrained, "ethanol.xyz", *options], folder)
    assert answer.code == 0, answer.err
    assert answer.err == ""
    made = {path.name for path in (folder / "md").iterdir()}
    figures = {f"run_{name}.png" for name in ("energy", "temperature", "rdf", "spectrum")}
    assert made == {"run_0.xyz", "run_1.xyz", "run.json", "run_curves.npz", *figures}
    assert "drift       " in answer.out
    assert "CPU ms a step" in answer.out
    summary = json.loads((folder / "md" / "run.json").read_text())
    assert abs(summary["drift"]) < 1
    assert summary["steps"] == 150
    frame = read(folder / "md" / "run_1.xyz", "2")
    copy = frame.copy()
    copy.calc = Calculator(untrained)
    np.testing.assert_allclose(frame.get_forces(), copy.get_forces(), atol=1e-5)


def here(arguments, folder, monkeypatch) -> int:
    """The command line in this process, which saves the import of torch."""
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as caught:
        main([str(word) for word in arguments])
    return caught.value.code


def test_relax_finds_a_minimum(untrained, folder, monkeypatch, capsys):
    assert here(["relax", untrained, "ethanol.xyz", "fmax=0.05", "out=relaxed.xyz"], folder, monkeypatch) == 0
    assert capsys.readouterr().out.splitlines()[-5].startswith("structure   relaxed.xyz")
    relaxed = read(folder / "relaxed.xyz")
    relaxed.calc = Calculator(untrained)
    assert np.linalg.norm(relaxed.get_forces(), axis=1).max() < 0.051


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            ["simulate", "x.ckpt", "ethanol.xyz", "stepz=10"],
            2,
            "stepz: no such key; did you mean 'steps'? known: ",
        ),
        (["simulate", "x.ckpt", "ethanol.xyz", "ensemble=npt"], 2, "ensemble: expected langevin or nve, got 'npt'"),
        (["relax", "x.ckpt", "ethanol.xyz", "fmx=1"], 2, "fmx: no such key; did you mean 'fmax'? known: "),
        (["simulate", "x.ckpt", "no.xyz"], 1, "no.xyz: no such file"),
        (["simulate", "x.ckpt", "ethanol.xyz"], 1, "x.ckpt: no such checkpoint"),
        (["relax", "CKPT", "ethanol.xyz", "cell=true"], 2, "cell=true: ethanol.xyz is not periodic"),
        (["simulate", "CKPT", "salt.xyz"], 1, "salt.xyz: holds Na, Cl; the potential knows H, C, O only"),
    ],
)
def test_a_mistake_is_one_line(arguments, code, words, untrained, folder, monkeypatch, capsys):
    write(folder / "salt.xyz", ase.Atoms("NaCl", [[0, 0, 0], [0, 0, 2.4]]))
    assert here([untrained if word == "CKPT" else word for word in arguments], folder, monkeypatch) == code
    errors = capsys.readouterr().err.splitlines()
    assert errors[0].startswith(f"mlsci: error: {words}")
    assert len(errors) == 1


def test_help_lists_the_keys_with_units(run_cli, tmp_path):
    answer = run_cli(["simulate", "--help"], tmp_path)
    assert "  timestep=0.5 " in answer.out
    assert "friction=1.0" in answer.out
    assert "1/ps" in answer.out


def test_a_wrong_key_is_answered_without_torch(run_cli, tmp_path):
    answer = run_cli(["simulate", "x.ckpt", "x.xyz", "stepz=1"], tmp_path, flags=["-X", "importtime"])
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in answer.errors if "|" in line}
    assert not imported & {"torch", "lightning", "numpy", "ase"}


def test_compiled_answers_are_the_same(untrained, monkeypatch):
    compiled = []
    monkeypatch.setattr(torch, "compile", lambda graph, dynamic: compiled.append(graph) or graph)
    place = torch.as_tensor(ETHANOL.positions)
    model, structure = mlsci.load(untrained), Structure.from_ase(ETHANOL)
    plain = PotentialField(model, [structure])(place)
    model.compile_answers()
    fast = PotentialField(model, [structure])
    torch.testing.assert_close(fast(place).forces, plain.forces, rtol=0, atol=1e-5)
    torch.testing.assert_close(
        fast(place * 1.3).energy, PotentialField(mlsci.load(untrained), [structure])(place * 1.3).energy
    )
    assert len(compiled) == 1


def test_compilation_is_wanted_where_it_pays(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/g++")
    long, short = SimulateOptions(steps=20_000), SimulateOptions(steps=19_000, equilibrate=900)
    assert long.compiles(on_gpu=False)
    assert not short.compiles(on_gpu=False)
    assert short.compiles(on_gpu=True)
    assert SimulateOptions(steps=1, compile=True).compiles(on_gpu=False)
    assert not SimulateOptions(steps=20_000, compile=False).compiles(on_gpu=True)
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert not long.compiles(on_gpu=False)


def test_profile_of_a_scan(untrained, folder, monkeypatch, capsys):
    scan = [ETHANOL.copy() for _ in range(4)]
    for angle, atoms in zip((0, 30, 60, 90), scan, strict=True):
        atoms.set_dihedral(0, 1, 2, 8, angle, indices=[8])
    write(folder / "scan.xyz", scan)
    assert here(["profile", untrained, "scan.xyz", "coordinate=0,1,2,8", "out=o.csv"], folder, monkeypatch) == 0
    assert "structures  4 along dihedral angle 0-1-2-8 (degrees)" in capsys.readouterr().out
    assert (folder / "o.png").is_file()


def test_replicas_of_a_real_net_go_their_own_ways_as_each_would_alone(untrained):
    model = mlsci.load(untrained)
    structure = Structure.from_ase(ETHANOL)
    random = np.random.default_rng(0)
    places = [ETHANOL.positions + random.normal(scale=0.1, size=(9, 3)) for _ in range(3)]
    both = PotentialField(model, [structure] * 3)(torch.as_tensor(np.concatenate(places)))
    for k, place in enumerate(places):
        alone = PotentialField(model, [structure])(torch.as_tensor(place))
        torch.testing.assert_close(both.energy[k], alone.energy[0], rtol=0, atol=1e-5)
        torch.testing.assert_close(both.forces[9 * k : 9 * k + 9], alone.forces, rtol=0, atol=1e-5)
