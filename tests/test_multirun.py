"""Sweeps: one process and folder a job, a failing job stops nobody, ranks agree."""

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml

BASE = ["net=linear", "data=digits", "logger=csv", "trainer.max_epochs=1", "callbacks=checkpoint", "test=false"]


def mlsci(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    """The real command."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "mlsci", "train", *arguments], cwd=cwd, capture_output=True, text=True, env=environment
    )


def test_a_failing_job_neither_stops_nor_hides_the_others(tmp_path):
    done = mlsci("-m", *BASE, "data=digits,diabetes", "net=cnn", "run.name=sweep", "seed=3", cwd=tmp_path)
    place = tmp_path / "runs" / "sweeps" / "sweep"
    states = {job: json.loads((place / job / "status.json").read_text()) for job in ("0", "1")}
    assert states["0"]["state"] == "finished"
    assert states["1"]["state"] == "failed"
    assert "pictures" in states["1"]["error"]
    assert done.returncode == 1
    table = done.stdout[done.stdout.index("2 jobs") :]
    assert "data=digits" in table
    assert "failed" in table
    config = yaml.safe_load((place / "0" / "config.yaml").read_text())
    assert config["seed"] == 3
    provenance = json.loads((place / "1" / "provenance.json").read_text())
    assert provenance["sweep"] == str(place)
    assert provenance["choices"]["net"] == "cnn"


def test_a_mistake_in_one_job_stops_the_sweep_before_the_first(tmp_path, run_here):
    done = run_here(["train", "-m", *BASE, "net=linear,mpl", "seed=0,1"], tmp_path)
    assert done.code == 2
    assert "did you mean 'mlp'" in done.err
    assert list(tmp_path.iterdir()) == []


def test_two_devices_on_cpu_agree(tmp_path):
    devices = ["trainer.devices=2", "trainer.accelerator=cpu"]
    done = mlsci("-m", *BASE, *devices, "run.name=ddp", "seed=1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    place = tmp_path / "runs" / "digits" / "supervised" / "ddp"
    assert [p.name for p in place.iterdir() if p.is_dir()] == ["0"]
    found = json.loads((place / "0" / "metrics.json").read_text())
    assert found["steps"] == 11  # 1293 samples on two devices in batches of 64
    assert not list(tmp_path.glob("lightning_logs"))


def test_values_of_a_sweep_need_the_flag(tmp_path, run_here):
    done = run_here(["train", *BASE, "seed=0,1"], tmp_path)
    assert done.code == 2
    assert "-m" in done.err
    assert list(tmp_path.iterdir()) == []
