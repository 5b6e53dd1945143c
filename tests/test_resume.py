"""A run that is stopped and continued ends in the same state, to the last bit."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import mlsci
from mlsci import checkpoint, config, record
from mlsci.continuing import make_ready
from mlsci.errors import ConfigError, Interrupted
from mlsci.record import RunFolder
from mlsci.run import run

COMMON = [
    "data=digits",
    "net=mlp",
    "net.dropout=0.2",
    "callbacks=[checkpoint,ema]",
    "callbacks.ema.decay=0.9",
    "scheduler=cosine",
    "scheduler.schedule.T_max=100",
    "+model.augment._target_=mlsci.nets.augment.RandomAffine",
    "logger=csv",
    "threads=1",
]


def overrides(tmp_path: Path, name: str, *more: str) -> list[str]:
    """A small run with dropout, shuffling, augmentation, averaging and a schedule."""
    return [*COMMON, f"paths.runs={tmp_path}", f"run.dir={tmp_path / name}", *more]


def state(folder: Path) -> dict:
    """Everything of last.ckpt that training depends on."""
    payload = checkpoint.read(folder / "checkpoints" / "last.ckpt")
    return {key: payload[key] for key in ("state_dict", "optimizer_states", "callbacks")} | {
        "resume": {k: v for k, v in payload["mlsci"]["resume"].items() if k != "random"}
    }


def same(left, right) -> bool:
    """Equality to the last bit of nested containers."""
    if isinstance(left, torch.Tensor):
        return torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    return left == right


@pytest.mark.parametrize("workers", [0, 2])
def test_two_epochs_and_two_more_are_four(tmp_path, workers):
    steps, loading = "inner_steps=7", f"data.num_workers={workers}"  # which changes nothing
    whole = mlsci.train(overrides(tmp_path, "whole", "trainer.max_epochs=4", steps))
    half = mlsci.train(overrides(tmp_path, "half", "trainer.max_epochs=2", steps, loading))
    assert not same(state(whole.folder), state(half.folder))
    folder = RunFolder(half.folder)
    make_ready(folder, ["trainer.max_epochs=4"])
    again = run(folder)
    assert same(state(whole.folder), state(half.folder))
    assert again.metrics == whole.metrics
    lines = [(f / "metrics.csv").read_text().splitlines() for f in (whole.folder, half.folder)]
    assert [row.split(",")[0] for row in lines[0]] == [row.split(",")[0] for row in lines[1]]


def test_a_shortcut_that_was_fitted_at_the_start_is_not_fitted_again(tmp_path, monkeypatch):
    from mlsci.models.forecaster import Forecaster

    more = [
        *("data=lorenz", "data.length=900", "data.horizon=20", "data.steps=2", "model=forecaster", "net=mlp"),
        *("+model.shortcut._target_=mlsci.models.window_ridge.WindowRidge", "+model.shortcut.look_back=4"),
        *("+model.shortcut.horizon=2", "model.gain=0.0", "callbacks=[checkpoint,ema]", "logger=csv", "threads=1"),
    ]
    whole = mlsci.train([*more, f"run.dir={tmp_path / 'whole'}", "trainer.max_epochs=4"])
    half = mlsci.train([*more, f"run.dir={tmp_path / 'half'}", "trainer.max_epochs=2"])
    folder = RunFolder(half.folder)
    make_ready(folder, ["trainer.max_epochs=4"])
    monkeypatch.setattr(Forecaster, "begin", lambda *_: pytest.fail("a run that continues began anew"))
    again = run(folder)
    assert same(state(whole.folder), state(half.folder))
    assert again.metrics == whole.metrics


def test_slices_that_end_before_a_validation_do_not_change_the_best_state(tmp_path):
    every = "trainer.check_val_every_n_epoch=2"
    whole = mlsci.train(overrides(tmp_path, "whole", "trainer.max_epochs=4", every, "test=false"))
    slices = mlsci.train(overrides(tmp_path, "slices", "trainer.max_epochs=1", every, "test=false"))
    folder = RunFolder(slices.folder)
    assert folder.best.is_file()  # nothing has been compared: the end of the slice
    for epochs in (2, 3, 4):
        make_ready(folder, [f"trainer.max_epochs={epochs}"])
        run(folder)
    assert same(state(whole.folder), state(slices.folder))
    best = [checkpoint.read(RunFolder(one.folder).best)["state_dict"] for one in (whole, slices)]
    assert same(*best)


def test_a_run_whose_time_is_used_up_says_what_gives_it_more(tmp_path, capsys):
    limit = "trainer.max_time=00:00:00:00"
    found = mlsci.train(overrides(tmp_path, "short", "trainer.max_epochs=2", "test=false", limit))
    told = f"trainer.max_time=00:00:00:00 is used up; with more of it: mlsci resume {found.folder} trainer.max_time=..."
    assert told in capsys.readouterr().out
    with pytest.raises(ConfigError, match=r"finished; give it more to do, for example a trainer.max_time above 00:00"):
        make_ready(RunFolder(found.folder), [])


def test_same_seed_same_metrics_and_another_seed_others(tmp_path):
    one, two, other = (
        mlsci.train(overrides(tmp_path, name, "trainer.max_epochs=1", f"seed={seed}"))
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    assert one.metrics == two.metrics
    assert one.metrics != other.metrics
    assert same(state(one.folder), state(two.folder))


class StopAt:
    """Asks for an end after a number of optimizer steps, as the signal handler does."""

    def __init__(self, model, steps: int, signum: int = signal.SIGTERM):
        self.model, self.left, self.signum = model, steps, signum

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.model.pace.stop_signal = self.signum


@pytest.mark.parametrize(("steps", "workers"), [(1, 0), (20, 0), (21, 0), (22, 0), (30, 0), (24, 2)])  # 21 an epoch
def test_stopped_within_an_epoch(tmp_path, monkeypatch, steps, workers):
    more = ["trainer.max_epochs=2", "inner_steps=5", "scheduler.interval=step"]
    whole = mlsci.train(overrides(tmp_path, "whole", *more))
    more.append(f"data.num_workers={workers}")
    from mlsci.job import Job

    connect = Job._connect

    def connect_and_stop(job):
        connect(job)
        job.model.after_step.append(StopAt(job.model, steps))

    with monkeypatch.context() as patch:
        patch.setattr(Job, "_connect", connect_and_stop)
        with pytest.raises(Interrupted):
            mlsci.train(overrides(tmp_path, "stopped", *more))
    folder = RunFolder(tmp_path / "stopped")
    assert folder.status["state"] == "interrupted"
    assert checkpoint.read(folder.last)["mlsci"]["resume"]["global_step"] == steps
    result = run(folder)
    assert folder.status["state"] == "finished"
    assert same(state(whole.folder), state(folder.path))
    assert result.metrics == whole.metrics


def start(folder: Path, *more: str) -> subprocess.Popen:
    """A job of its own process, long enough to be hit."""
    composed = config.explain(more)
    values = config.plain(composed.config)
    record.create(folder, config=values, experiment=composed.experiment, choices=composed.choices, overrides=[*more])
    return job(folder)


def job(folder: Path) -> subprocess.Popen:
    """The job of a run folder."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "mlsci.run", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env=environment,
    )  # fmt: skip


def wait_for(path: Path, process: subprocess.Popen, seconds: float = 60.0) -> None:
    """Until a file is there."""
    end = time.monotonic() + seconds
    while not path.exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signal_saves_and_says_how_to_continue(tmp_path, signum, code):
    folder = tmp_path / "run"
    process = start(folder, *COMMON, "trainer.max_epochs=5000", "callbacks.checkpoint.every_seconds=0.2")
    wait_for(folder / "checkpoints" / "last.ckpt", process)
    process.send_signal(signum)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code, output
    assert f"mlsci resume {folder}" in output
    assert "Traceback" not in output
    assert RunFolder(folder).status["state"] == "interrupted"
    assert checkpoint.read(folder / "checkpoints" / "last.ckpt")["mlsci"]["resume"]["global_step"] > 0


def test_kill_9_at_random_moments_loses_nothing(tmp_path):
    more = [*COMMON, "trainer.max_epochs=25", "callbacks.checkpoint.every_seconds=0.05", "test=false"]
    whole = mlsci.train([*more, f"run.dir={tmp_path / 'whole'}"])
    folder, draw = tmp_path / "killed", random.Random(0)
    process = start(folder, *more)
    last = folder / "checkpoints" / "last.ckpt"
    for _ in range(2):
        wait_for(last, process)
        before = last.stat().st_mtime_ns
        while last.stat().st_mtime_ns == before and process.poll() is None:
            time.sleep(0.01)
        time.sleep(draw.uniform(0.0, 0.3))
        process.kill()
        process.communicate()
        checkpoint.read(last)
        process = job(folder)
    output, _ = process.communicate(timeout=200)
    assert process.returncode == 0, output
    assert same(state(whole.folder), state(folder))
