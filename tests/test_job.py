"""What a job makes of settings that leave something out."""

import json
import re
from types import SimpleNamespace

import torch

import mlsci
from mlsci.job import Job
from mlsci.models.base import Model
from mlsci.record import RunFolder, hardware

BASE = ["data=digits", "net=linear", "threads=1", "trainer.max_epochs=1", "figures=null"]


def test_what_is_null_is_left_out(tmp_path, capsys):
    gone = ["callbacks.progress=null", "logger.csv=null", "logger.wandb=null", "figures={none: null}"]
    result = mlsci.train([*BASE, *gone, f"run.dir={tmp_path / 'run'}"])
    assert result.metrics["test/accuracy"] >= 0.0
    assert not (tmp_path / "run" / "metrics.csv").exists()
    found = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert 0 < found["fit_cpu_seconds"] <= found["cpu_seconds"]  # the test comes after the fit
    assert "warning" not in capsys.readouterr().err


def test_without_a_test_nothing_is_compared(tmp_path, capsys):
    reference = "reference={metric: test/accuracy, value: 0.9, better: higher, source: somewhere}"
    quiet = ["callbacks=checkpoint", "logger=none", "test=false", f"run.dir={tmp_path / 'run'}"]
    result = mlsci.train([*BASE, *quiet, reference])
    assert result.comparison == []
    assert "compared    nothing: test=false" in capsys.readouterr().out
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["comparison"] == []


def test_hardware_names_gpus_and_every_machine(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path)
    folder.write_yaml("config.yaml", {})
    folder.write_json("provenance.json", {"hardware": "1 × Laptop", "seed": 3})
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Card {device.index}")
    card = f"2 × Card 1, {hardware()}"

    def named(device: str, *, resumed: bool) -> str:
        job = Job(folder)
        job.trainer = SimpleNamespace(strategy=SimpleNamespace(root_device=torch.device(device)), world_size=2)
        job._name_hardware(resumed=resumed)
        assert folder.provenance["seed"] == 3
        return folder.provenance["hardware"]

    assert named("cpu", resumed=False) == hardware()
    assert named("cuda:1", resumed=False) == card
    for _ in range(2):
        assert named("cuda:1", resumed=True) == card
    for _ in range(2):
        assert named("cpu", resumed=True) == f"{card}; {hardware()}"


def test_what_a_model_measures_at_the_end_is_measured_in_evaluation(tmp_path, monkeypatch):
    monkeypatch.setattr(Model, "final_metrics", lambda self, data: {"test/trains": float(self.training)})
    result = mlsci.train([*BASE, "callbacks=none", "logger=none", "figures=null", f"run.dir={tmp_path / 'run'}"])
    assert result.metrics["test/trains"] == 0.0


def test_lines_of_progress_count_upwards(tmp_path, capsys):
    lines = ["+callbacks.progress.line_seconds=0", "trainer.max_epochs=3", "trainer.log_every_n_steps=10"]
    mlsci.train([*BASE, *lines, "logger=none", "test=false", f"run.dir={tmp_path / 'run'}"])
    seen = [float(done) for done in re.findall(r"^epoch ([\d.]+)/3 ", capsys.readouterr().out, flags=re.MULTILINE)]
    assert len(seen) > 6
    assert seen == sorted(seen)
    assert {1.0, 2.0, 3.0} <= set(seen)
