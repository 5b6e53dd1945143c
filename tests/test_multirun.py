"""Sweeps: one process and folder a job, a failing job stops nobody, ranks agree."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mlsci import run, sweeping
from mlsci.errors import Interrupted
from mlsci.record import RunFolder
from mlsci.signals import end_at_once

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


def test_a_stopped_sweep_goes_on_with_the_jobs_that_had_not_started(tmp_path, run_here, monkeypatch):
    place = tmp_path / "runs" / "digits" / "supervised" / "sweep"
    started = []

    def job(folder: RunFolder) -> int:
        started.append(folder.path.name)
        if len(started) == 2:
            signal.raise_signal(signal.SIGTERM)
        return run.main([str(folder.path)])

    monkeypatch.setattr(sweeping, "run_and_wait", job)
    stopped = run_here(["train", "-m", *BASE, "seed=0,1,2", "run.name=sweep"], tmp_path)
    assert stopped.code == 143
    assert f"mlsci: stopped by signal 15; continue with: mlsci resume {place}" in stopped.err
    assert [(place / name).exists() for name in "012"] == [True, True, False]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert run_here(["resume", f"../{place.relative_to(tmp_path)}"], elsewhere).code == 0
    assert started == ["0", "1", "1", "2"]
    longer = run_here(["resume", place, "trainer.max_epochs=2"], elsewhere)
    assert longer.code == 0
    assert started[4:] == ["0", "1", "2"]
    assert [RunFolder(place / name).status["epoch"] for name in "012"] == [2, 2, 2]
    assert [RunFolder(place / name).config["seed"] for name in "012"] == [0, 1, 2]
    assert "3 jobs" in run_here(["resume", place], elsewhere).out
    assert len(started) == 7


def test_jobs_that_start_later_take_the_values_of_the_resume(tmp_path, run_here, monkeypatch):
    place = tmp_path / "sweep"
    monkeypatch.setattr(sweeping, "run_and_wait", lambda folder: signal.raise_signal(signal.SIGINT))
    words = ["train", "-m", *BASE, "seed=0,1", f"run.dir={place}"]
    assert run_here(words, tmp_path).code == 130
    monkeypatch.setattr(sweeping, "run_and_wait", lambda folder: run.main([str(folder.path)]))
    assert run_here(["resume", place, "trainer.max_epochs=2"], tmp_path).code == 0
    for name in "01":
        folder = RunFolder(place / name)
        assert folder.status["epoch"] == 2
        assert folder.overrides[-1] == "trainer.max_epochs=2"
    wrong = run_here(["resume", place, "net.bias=false"], tmp_path)
    assert wrong.code == 2
    assert "only keys of trainer" in wrong.err


def test_a_signal_reaches_the_job_before_it_ends_the_sweep(tmp_path, monkeypatch):
    told = []

    class Process:
        def __init__(self, command: list[str]):
            assert command[-1] == str(tmp_path)

        def send_signal(self, signum: int) -> None:
            told.append(signum)

        def wait(self) -> int:
            signal.raise_signal(signal.SIGTERM)
            return 143

    monkeypatch.setattr(sweeping.subprocess, "Popen", Process)
    with pytest.raises(Interrupted, match="signal 15"), end_at_once():
        sweeping.run_and_wait(RunFolder(tmp_path))
    assert told == [signal.SIGTERM]
