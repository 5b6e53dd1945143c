"""`simulate` from Python: what it writes, what it says, where it stops."""

import gc
import json
import signal
from dataclasses import replace

import ase
import numpy as np
import pytest
import torch
from ase.io import read, write

from mlsci import atoms as use
from mlsci.atoms.observers import Recorder
from mlsci.atoms.options import SimulateOptions
from mlsci.atoms.simulation import simulate
from mlsci.atoms.trajectory import Growing
from mlsci.errors import ConfigError, Interrupted, MlsciError
from mlsci.keyvalue import read as read_words


@pytest.fixture
def molecule() -> ase.Atoms:
    """A tetrahedron, the minimum of four atoms."""
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    return ase.Atoms("HCCH", corners * 1.1 / np.sqrt(8))


def options(folder, **changes) -> SimulateOptions:
    """A short run without figures."""
    short = SimulateOptions(steps=200, timestep=0.5, out=str(folder / "run.extxyz"), figures=False)
    return replace(short, **changes)


def test_a_trajectory_is_read_by_ase_with_labels_that_are_right(morse, molecule, tmp_path):
    report = simulate(morse, molecule, options(tmp_path, ensemble="nve", every=20))
    frames = read(tmp_path / "run.extxyz", ":")
    assert len(frames) == 11
    assert [frame.info["step"] for frame in frames] == list(range(0, 201, 20))
    assert frames[-1].info["time"] == 100
    np.testing.assert_allclose(frames[0].positions, molecule.positions)
    again = frames[7].copy()
    again.calc = use.Calculator(morse)
    assert frames[7].get_potential_energy() == pytest.approx(again.get_potential_energy(), abs=1e-8)
    np.testing.assert_allclose(frames[7].get_forces(), again.get_forces(), atol=1e-7)
    kinetic = 0.5 * (again.get_masses()[:, None] * (frames[7].arrays["velocities"] / ase.units.fs) ** 2).sum()
    assert frames[7].get_potential_energy() + kinetic == pytest.approx(report.energy[140, 0], abs=1e-6)
    assert frames[0].info["temperature"] == pytest.approx(300)


def test_constant_energy_has_a_drift_and_replicas_have_a_file_each(morse, molecule, tmp_path):
    report = simulate(morse, molecule, options(tmp_path, ensemble="nve", replicas=3, steps=400))
    assert [path.name for path in report.paths[:3]] == ["run_0.extxyz", "run_1.extxyz", "run_2.extxyz"]
    assert morse.calls == 401  # one call of the forces a step for all replicas
    assert abs(report.summary["drift"]) <= report.summary["largest_drift"] < 5
    assert report.energy.shape == (401, 3)
    assert np.ptp(report.energy, axis=0).max() < 0.05
    ends = [read(path).positions for path in report.paths[:3]]
    assert not np.allclose(ends[0], ends[1])
    summary = json.loads((tmp_path / "run.json").read_text())
    assert summary["replicas"] == 3
    assert summary["options"]["max_std"] == "inf"


def test_npz_holds_what_extxyz_holds(morse, molecule, tmp_path):
    simulate(morse, molecule, options(tmp_path, replicas=2))
    simulate(morse, molecule, options(tmp_path, replicas=2, out=str(tmp_path / "run.npz")))
    second = read(tmp_path / "run_1.extxyz", ":")
    with np.load(tmp_path / "run.npz") as found:
        assert found["positions"].shape == (21, 2, 4, 3)
        np.testing.assert_allclose(found["positions"][:, 1], [f.positions for f in second], atol=1e-7)
        np.testing.assert_allclose(found["velocities"][:, 1], [f.arrays["velocities"] for f in second], atol=1e-9)
        np.testing.assert_allclose(found["energy"][:, 1], [f.get_potential_energy() for f in second], atol=1e-8)
        assert found["numbers"].tolist() == [1, 6, 6, 1]
        assert found["time"][-1] == 100
    assert not (tmp_path / "run.npz.parts").exists()


def test_a_growing_array_can_be_read_at_any_moment(tmp_path):
    array = Growing(tmp_path / "x.npy", np.zeros((2, 3)))
    for count in range(1, 1200):
        array.append(np.full((2, 3), count))
        if count in (1, 9, 10, 1000):
            found = np.load(tmp_path / "x.npy")
            assert found.shape == (count, 2, 3)
            assert found[-1].tolist() == [[count] * 3] * 2
    array.close()


@pytest.mark.parametrize("suffix", ["extxyz", "npz"])
def test_an_explosion_stops_with_a_message_and_keeps_what_was_good(morse, molecule, tmp_path, suffix):
    out = tmp_path / f"run.{suffix}"
    with pytest.raises(MlsciError) as caught:
        simulate(morse, molecule, options(tmp_path, timestep=8, temperature=3000, max_force=60, out=str(out), every=1))
    message = str(caught.value)
    assert message.startswith("stopped: step ")
    assert "eV/Å, more than max_force=60" in message
    assert f"are kept in {out}" in message
    count = int(message.split("; ")[1].split(" frames")[0])
    kept = len(np.load(out)["energy"]) if suffix == "npz" else len(read(out, ":"))
    assert kept == count >= 1
    assert json.loads((tmp_path / "run.json").read_text())["stopped"].startswith("step ")


def test_no_step_leaves_a_tensor_behind(morse, molecule, tmp_path, monkeypatch):
    alive, take = {}, Recorder.take

    def counted(recorder, state):
        take(recorder, state)
        if state.step in (20, 60):
            gc.collect()
            alive[state.step] = sum(type(one) is torch.Tensor for one in gc.get_objects())

    monkeypatch.setattr(Recorder, "take", counted)
    simulate(morse, molecule, options(tmp_path, steps=60, every=1, dihedral="0,1,2,3"))
    assert alive[60] <= alive[20]


def strike(morse, monkeypatch, signum: signal.Signals, *, call: int) -> None:
    """Send a signal within a call of the potential; the first, 0, is that of step 0."""
    answer = morse.properties

    def struck(batch, **asked):
        if morse.calls == call:
            signal.raise_signal(signum)
        return answer(batch, **asked)

    monkeypatch.setattr(morse, "properties", struck)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_after_the_step_with_a_summary(morse, molecule, tmp_path, signum, monkeypatch):
    strike(morse, monkeypatch, signum, call=60)
    before = signal.getsignal(signum)
    with pytest.raises(Interrupted, match=f"stopped by signal {int(signum)}; 7 frames up to step 60 are kept in"):
        simulate(morse, molecule, options(tmp_path, ensemble="nve", every=10))
    assert signal.getsignal(signum) is before
    summary = json.loads((tmp_path / "run.json").read_text())
    assert summary["steps"] == 60
    assert summary["stopped"] == f"stopped by signal {int(signum)}"
    assert len(read(tmp_path / "run.extxyz", ":")) == 7


def test_a_signal_ends_the_equilibration(morse, molecule, tmp_path, monkeypatch):
    strike(morse, monkeypatch, signal.SIGTERM, call=30)
    with pytest.raises(Interrupted, match="stopped by signal 15; it was equilibrating, of which nothing is kept"):
        simulate(morse, molecule, options(tmp_path, equilibrate=50))
    assert morse.calls == 31
    assert list(tmp_path.iterdir()) == []


def test_a_signal_in_the_last_step_stops_nothing(morse, molecule, tmp_path, monkeypatch):
    strike(morse, monkeypatch, signal.SIGTERM, call=20)
    report = simulate(morse, molecule, options(tmp_path, steps=20))
    assert report.summary["steps"] == 20
    assert report.summary["stopped"] is None


def test_an_ensemble_that_disagrees_stops_the_run(morse, molecule, tmp_path):
    morse.doubt = 0.7
    report = simulate(morse, molecule, options(tmp_path, max_std=1.0, every=100))
    assert read(report.paths[0]).arrays["force_std"].tolist() == [0.7] * 4
    assert "uncertain   forces by 0.7 eV/Å at most" in report.lines()
    with pytest.raises(MlsciError, match=r"simulated: step 0: .* uncertain by 0.7 eV/Å, more than max_std=0.5"):
        simulate(morse, molecule, options(tmp_path, max_std=0.5))


def test_a_thermostat_brings_the_temperature(morse, molecule, tmp_path):
    report = simulate(
        morse,
        molecule,
        options(tmp_path, temperature=400, friction=50, replicas=20, steps=600, equilibrate=100, every=600, timestep=1),
    )
    assert report.summary["temperature"] == pytest.approx(400, abs=5 * report.summary["temperature_error"])
    assert report.summary["temperature_error"] < 20
    assert "drift" not in report.summary


def test_the_same_seed_gives_the_same_trajectory(morse, molecule, tmp_path):
    texts = []
    for seed in (1, 1, 2):
        simulate(morse, molecule, options(tmp_path, seed=seed, steps=30))
        texts.append((tmp_path / "run.extxyz").read_text())
    assert texts[0] == texts[1] != texts[2]


def test_a_stopped_run_goes_on_from_its_last_frame(morse, molecule, tmp_path):
    whole = simulate(morse, molecule, options(tmp_path, ensemble="nve", every=50))
    last = read(whole.paths[0], ":")[-1]
    half = options(tmp_path, ensemble="nve", every=50, steps=100)
    simulate(morse, molecule, half)
    second = replace(half, velocities="file", out=str(tmp_path / "second.extxyz"))
    simulate(morse, str(tmp_path / "run.extxyz"), second)
    np.testing.assert_allclose(read(tmp_path / "second.extxyz", ":")[-1].positions, last.positions, atol=1e-6)
    with pytest.raises(ConfigError, match="velocities=file: the structure's file has none"):
        simulate(morse, molecule, options(tmp_path, velocities="file"))


def test_a_crystal_with_figures_beside_a_reference(morse, tmp_path):
    from ase.build import bulk

    morse.length, morse.depth, morse.cutoff = 2.4, 1.0, 4.0
    silicon = bulk("Si", a=5.5, cubic=True)
    base = options(tmp_path, steps=300, temperature=200, timestep=1)
    first = simulate(morse, silicon, replace(base, out=str(tmp_path / "first.npz")))
    assert first.bulk
    second = simulate(morse, silicon, replace(base, seed=1, figures=True, reference=str(tmp_path / "first_curves.npz")))
    assert [path.name for path in second.figures] == ["run_temperature.png", "run_rdf.png", "run_spectrum.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in second.figures)
    assert 0.8 < second.summary["overlap_rdf"] <= 1
    assert 0.3 < second.summary["overlap_spectrum"] <= 1
    assert any(line.startswith("overlap rdf") for line in second.lines())
    same = simulate(morse, silicon, replace(base, reference=str(tmp_path / "first_curves.npz")))
    assert same.summary["overlap_rdf"] == pytest.approx(1)
    nve = simulate(morse, silicon, replace(base, ensemble="nve", steps=20, figures=True))
    assert nve.figures[0].name == "run_energy.png"


def test_a_dihedral_angle_is_followed(morse, molecule, tmp_path):
    report = simulate(morse, molecule, options(tmp_path, dihedral="0,1,2,3", replicas=2, figures=True))
    assert report.angles.shape == (21, 2)
    assert tmp_path / "run_dihedral.png" in report.figures
    table = np.loadtxt(tmp_path / "run_dihedral.csv", delimiter=",")
    angles = [frame.get_dihedral(0, 1, 2, 3) for frame in read(report.paths[1], ":")]
    np.testing.assert_allclose(table[:, 1] % 360, angles, atol=1e-3)
    with pytest.raises(ConfigError, match=r"dihedral=0,1,2,4: the atoms are 0 to 3"):
        simulate(morse, molecule, options(tmp_path, dihedral="0,1,2,4"))
    with pytest.raises(ConfigError, match="dihedral: expected four numbers of atoms as in 0,4,5,7, got 0,1"):
        options(tmp_path, dihedral="0,1")


def test_one_atom_and_no_pair_are_no_error(morse, tmp_path):
    report = simulate(morse, ase.Atoms("H"), options(tmp_path, ensemble="nve", steps=300))
    assert report.curves.keys() == {"spectrum"}
    assert report.summary["drift"] == pytest.approx(0, abs=1e-9)


def test_what_cannot_be_simulated_is_said(morse, molecule, tmp_path):
    with pytest.raises(MlsciError, match=r"structure: holds N, O; the potential knows H, C, Si only"):
        simulate(morse, ase.Atoms("NO", [[0, 0, 0], [0, 0, 1]]), options(tmp_path))
    with pytest.raises(MlsciError, match="a object is no potential of atoms"):
        simulate(object(), molecule, options(tmp_path))
    with pytest.raises(ConfigError, match=r"out=.*run.pdf: expected a name that ends in .extxyz, .xyz, .npz"):
        simulate(morse, molecule, options(tmp_path, out=str(tmp_path / "run.pdf")))
    write(tmp_path / "a.xyz", molecule)
    with pytest.raises(ConfigError, match="is the structure itself"):
        simulate(morse, tmp_path / "a.xyz", options(tmp_path, out=str(tmp_path / "a.xyz")))
    with pytest.raises(MlsciError, match=r"a.xyz: no frame 5"):
        simulate(morse, tmp_path / "a.xyz", options(tmp_path, frame=5))
    (tmp_path / "b.xyz").write_text("what\n")
    with pytest.raises(MlsciError, match=r"b.xyz: ASE cannot read it"):
        simulate(morse, tmp_path / "b.xyz", options(tmp_path))
    with pytest.raises(MlsciError, match=r"reference=.*no such file"):
        simulate(morse, molecule, options(tmp_path, reference=str(tmp_path / "no.npz")))
    with pytest.raises(ConfigError, match="dtype: only of a checkpoint's net; GFN2-xTB computes in float64"):
        simulate("GFN2-xTB", molecule, options(tmp_path, dtype="float32"))
    molecule.positions[1] = molecule.positions[0] + 0.1
    (tmp_path / "run.extxyz").write_text("of an earlier simulation")
    with pytest.raises(MlsciError, match=r"cannot be simulated: step 0: "):
        simulate(morse, molecule, options(tmp_path, out=str(tmp_path / "run.extxyz")))
    assert (tmp_path / "run.extxyz").read_text() == "of an earlier simulation"
    molecule.positions[1] = molecule.positions[0] + [0, 0, 1.3]
    with pytest.raises(MlsciError, match=r"stopped while equilibrating: step \d+: .*max_force=1e-06"):
        simulate(morse, molecule, options(tmp_path, equilibrate=5, temperature=3000, max_force=1e-6))


def test_the_precision_is_checked_with_the_other_words():
    assert read_words(["dtype=float64"], SimulateOptions).dtype == "float64"
    with pytest.raises(ConfigError, match="dtype: expected float32 or float64 or null, got 'float16'; did you mean"):
        read_words(["dtype=float16"], SimulateOptions)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 0}, "steps: expected at least 1, got 0"),
        ({"timestep": -1.0}, "timestep: expected above 0, got -1"),
        ({"temperature": float("nan")}, "temperature: expected at least 0, got nan"),
        ({"skin": float("inf")}, "skin: expected a finite number, got inf"),
        ({"max_temperature": 0.0}, "max_temperature: expected above 0, got 0"),
        ({"out": "run.pdf"}, "out=run.pdf: expected a name that ends in .extxyz, .xyz, .npz"),
    ],
)
def test_options_that_make_no_sense_are_refused(change, words):
    with pytest.raises(ConfigError, match=words):
        SimulateOptions(**change)


def test_the_room_offers_three_things_and_nothing_unknown():
    assert callable(use.relax)
    assert callable(use.simulate)
    with pytest.raises(AttributeError, match="no attribute 'calculator_'"):
        _ = use.calculator_


def test_a_teacher_takes_the_place_of_a_checkpoint(tmp_path):
    pytest.importorskip("tblite", reason="needs the extra mlsci[xtb]")
    water = ase.Atoms("OH2", [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
    report = simulate("GFN2-xTB", water, options(tmp_path, ensemble="nve", steps=40, replicas=2))
    assert report.energy.shape == (41, 2)
    assert np.ptp(report.energy, axis=0).max() < 0.01
    assert report.energy[0, 0] == pytest.approx(-138.0, abs=1)
    with pytest.raises(ConfigError, match="charge: only tight binding takes one"):
        simulate("best.ckpt", water, options(tmp_path, charge=1))
