"""What goes wrong on real machines: a message, an exit code, and the last good checkpoint is still there."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import mlsci
from mlsci import checkpoint, config, record
from mlsci.errors import CheckpointError, ConfigError
from mlsci.record import RunFolder
from mlsci.run import main, messages

BASE = ["data=digits", "net=linear", "logger=csv", "threads=1", "callbacks=checkpoint", "trainer.max_epochs=1"]


def test_thirty_random_kills_lose_no_checkpoint(tmp_path):
    path = tmp_path / "last.ckpt"
    script = f"import os, sys, time, random\nsys.argv = ['w', {str(path)!r}]\n" + _FORKING
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    seen = int(done.stdout.split()[-1])
    assert seen == 30
    assert len(list(tmp_path.glob(".last.ckpt.*.tmp"))) <= 1
    checkpoint.write({"mlsci": {"format": 1}}, path)
    assert list(tmp_path.iterdir()) == [path]


_FORKING = """
import torch
from pathlib import Path
from mlsci import checkpoint
path, good, draw = Path(sys.argv[1]), 0, random.Random(0)
for _ in range(30):
    child = os.fork()  # a fresh interpreter would spend the test importing torch
    if child == 0:
        i = 0
        while True:
            i += 1
            payload = {"mlsci": {"format": 1}, "state_dict": {}, "i": i, "w": torch.full((200_000,), float(i))}
            checkpoint.write(payload, path)
    while not path.exists():
        time.sleep(0.001)
    time.sleep(draw.uniform(0.0, 0.05))
    os.kill(child, 9)
    os.waitpid(child, 0)
    payload = checkpoint.read(path)
    assert (payload["w"] == payload["i"]).all()
    good += 1
print(good)
"""


def test_full_disk_leaves_the_old_checkpoint(tmp_path):
    path = tmp_path / "last.ckpt"
    checkpoint.write({"mlsci": {"format": 1}, "value": 1}, path)
    before = path.read_bytes()
    child = os.fork()
    if child == 0:  # the limit on file sizes is the nearest thing to a full disk that needs no root
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        try:
            checkpoint.write({"mlsci": {"format": 1}, "w": torch.zeros(100_000)}, path)
        except CheckpointError as error:
            os._exit(0 if "last good checkpoint is untouched" in str(error) else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_no_space_is_named(tmp_path, monkeypatch):
    import errno

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(CheckpointError, match="the disk is full"):
        checkpoint.write({}, tmp_path / "x.ckpt")


def test_a_place_that_cannot_be_written(tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(ConfigError, match=r"run\.dir: .*cannot be written"):
        mlsci.train([*BASE, f"run.dir={blocker}/run"])


def test_a_taken_name_is_refused_and_kept(tmp_path):
    first = mlsci.train([*BASE, f"paths.runs={tmp_path}", "run.name=mine", "test=false"])
    before = (first.folder / "config.yaml").read_bytes()
    with pytest.raises(ConfigError, match=r"mlsci resume .*mine"):
        mlsci.train([*BASE, f"paths.runs={tmp_path}", "run.name=mine", "seed=1"])
    assert (first.folder / "config.yaml").read_bytes() == before


def make(tmp_path, *overrides, name="run") -> RunFolder:
    """A run folder that has not started."""
    composed = config.explain([*BASE, *overrides])
    return record.create(
        tmp_path / name,
        config=config.plain(composed.config),
        experiment=composed.experiment,
        choices=composed.choices,
        overrides=composed.overrides,
    )


def test_a_damaged_last_checkpoint_is_named(tmp_path, capsys):
    folder = make(tmp_path)
    folder.last.parent.mkdir()
    folder.last.write_bytes(b"not a checkpoint")
    assert main([str(folder.path)]) == 1
    assert "last.ckpt: " in capsys.readouterr().err
    assert folder.status["state"] == "failed"


def test_nan_ends_with_exit_code_1_and_says_what_to_try(tmp_path, capsys):
    folder = make(tmp_path, "optimizer=sgd", "optimizer.lr=1e38", "trainer.max_epochs=3")
    assert main([str(folder.path)]) == 1
    message = capsys.readouterr().err
    assert "loss became nan" in message or "loss became inf" in message
    assert "optimizer.lr" in message
    assert "Traceback" not in message
    assert "Traceback" in folder.status["traceback"]


BROKEN = """
from dataclasses import dataclass
from torch.utils.data import Dataset
from mlsci.data.digits import Digits


class Bad(Dataset):
    def __init__(self, part):
        self.part = part

    def __len__(self):
        return len(self.part)

    def __getitem__(self, i):
        raise KeyError("sample 7 has no label")


@dataclass(kw_only=True, eq=False)
class BadDigits(Digits):
    def datasets(self):
        return {"train": Bad(super().datasets()["train"])}

    def statistics(self, datasets):
        return {"inputs": {"mean": 0.0, "std": 1.0}, "targets": {}}
"""


@pytest.mark.parametrize("workers", [0, 1])
def test_a_worker_that_raises(tmp_path, capsys, monkeypatch, workers):
    (tmp_path / "broken_lab.py").write_text(BROKEN)
    monkeypatch.syspath_prepend(tmp_path)
    more = ["data._target_=broken_lab.BadDigits", "trust=[broken_lab]", f"data.num_workers={workers}"]
    folder = make(tmp_path, *more)
    assert main([str(folder.path)]) == 1
    message = capsys.readouterr().err
    assert "sample 7 has no label" in message
    assert len(message.splitlines()) <= 2
    assert folder.status["state"] == "failed"


def test_the_frame_of_the_user_is_named(tmp_path, monkeypatch):
    (tmp_path / "my_lab.py").write_text("def f():\n    raise TypeError('no')\n")
    monkeypatch.syspath_prepend(tmp_path)
    import my_lab

    with pytest.raises(TypeError) as caught:
        my_lab.f()
    assert "tests/test_faults.py" in messages(caught.value)[0] or "my_lab.py:2" in messages(caught.value)[0]


def test_status_tells_a_story(tmp_path):
    folder = make(tmp_path, "test=false")
    assert folder.status["state"] == "created"
    assert main([str(folder.path)]) == 0
    status = folder.status
    assert status["state"] == "finished"
    assert status["error"] is None
    assert status["step"] == 21
    for name in ("config.yaml", "overrides.yaml", "provenance.json", "metrics.csv", "metrics.json", "log.txt"):
        assert (folder.path / name).stat().st_size > 0
    assert folder.best.is_file()
    assert folder.last.is_file()
    assert time.strftime("%Y") in folder.provenance["created"]


def test_a_run_that_is_whole_or_not_there(tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError("gone")

    monkeypatch.setattr(record, "git_state", fail)
    with pytest.raises(ConfigError, match="cannot be written"):
        make(tmp_path)
    assert list(Path(tmp_path).iterdir()) == []
