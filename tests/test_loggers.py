"""Loggers write what they should, and never end a run."""

import csv
import warnings
from pathlib import Path

import pytest

import mlsci
from mlsci.loggers.base import RunLogger
from mlsci.loggers.csv import CSV
from mlsci.loggers.wandb import Wandb, _login_mode

BASE = ["data=digits", "net=linear", "threads=1", "callbacks=checkpoint", "trainer.max_epochs=2", "figures={}"]


def rows(path: Path) -> list[dict[str, str]]:
    """The table of a metrics.csv."""
    with path.open() as stream:
        return list(csv.DictReader(stream))


def logger_in(folder: Path, **options) -> CSV:
    """A CSV logger that knows its folder."""
    made = CSV(**options)
    made.folder = folder
    return made


def test_csv_merges_a_step_and_grows_columns(tmp_path):
    logger = logger_in(tmp_path, flush_seconds=0.0)
    logger.log_metrics({"epoch": 0, "train/loss": 2.0}, step=10)
    logger.log_metrics({"epoch": 0, "val/loss": 1.5}, step=10)
    logger.log_metrics({"epoch": 1, "train/loss": 1.0}, step=20)
    logger.end("success")
    assert rows(tmp_path / "metrics.csv") == [
        {"step": "10", "epoch": "0", "train/loss": "2", "val/loss": "1.5"},
        {"step": "20", "epoch": "1", "train/loss": "1", "val/loss": ""},
    ]


def test_csv_of_a_resumed_run_drops_steps_to_be_repeated(tmp_path):
    first = logger_in(tmp_path)
    for step in (10, 20, 30):
        first.log_metrics({"train/loss": float(step)}, step=step)
    first.end("failed")
    second = logger_in(tmp_path)
    second.resumed_step = 20
    second.log_metrics({"train/loss": 31.0}, step=30)
    second.end("success")
    assert [(r["step"], r["train/loss"]) for r in rows(tmp_path / "metrics.csv")] == [
        ("10", "10"), ("20", "20"), ("30", "31"),
    ]  # fmt: skip


class Failing(RunLogger):
    """A logger whose server is gone."""

    def open(self) -> None:
        raise ConnectionError("no route to host")


def test_a_failing_logger_warns_once():
    logger = Failing()
    with pytest.warns(RuntimeWarning, match="off from here on"):
        logger.log_metrics({"a": 1.0}, step=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        logger.log_metrics({"a": 1.0}, step=2)
        logger.log_summary({}, {})
        logger.end("success")


def test_a_failing_logger_does_not_end_a_run(tmp_path, monkeypatch):
    def gone(self):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(Wandb, "open", gone)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        result = mlsci.train([*BASE, "logger=[csv,wandb]", f"run.dir={tmp_path / 'run'}"])
    assert result.metrics["test/accuracy"] > 0.5
    assert "off from here on" in (result.folder / "log.txt").read_text()


def test_wandb_offline_needs_no_account(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wandb's own use of other packages
        result = mlsci.train([*BASE, "logger=[csv,wandb]", f"run.dir={tmp_path / 'run'}"])
    (offline,) = (result.folder / "wandb").glob("offline-run-*")
    assert next(iter(offline.glob("*.wandb"))).stat().st_size > 1000
    assert "off from here on" not in (result.folder / "log.txt").read_text()


def test_wandb_goes_online_only_with_a_key(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    assert _login_mode() == "offline"
    monkeypatch.setenv("WANDB_API_KEY", "x")
    assert _login_mode() == "online"


def test_tensorboard_writes_events(tmp_path):
    pytest.importorskip("tensorboard")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tensorboard's own use of other packages
        result = mlsci.train([*BASE, "logger=tensorboard", f"run.dir={tmp_path / 'run'}"])
    assert list((result.folder / "tensorboard").glob("events*"))
