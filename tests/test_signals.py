"""A signal outside the steps of a training: the run ends at once, says so, and can be continued."""

import signal
import threading

import pytest

import mlsci
from mlsci.errors import Interrupted
from mlsci.job import Job
from mlsci.models.base import Model
from mlsci.record import RunFolder
from mlsci.run import run
from mlsci.signals import handled

SIGNALS = [signal.SIGTERM, signal.SIGINT]
BASE = ["data=digits", "model=mlp", "callbacks=checkpoint", "logger=csv", "trainer.max_epochs=1"]
PLACES = {"data": (Job, "_data"), "test": (Model, "on_test_start"), "figures": ("mlsci.drawing.learning_curves",)}


@pytest.mark.parametrize("signum", SIGNALS)
@pytest.mark.parametrize("place", PLACES)
def test_a_signal_outside_training_interrupts_and_the_run_goes_on(tmp_path, monkeypatch, signum, place):
    folder, before = RunFolder(tmp_path / "run"), signal.getsignal(signum)
    with monkeypatch.context() as patch:
        patch.setattr(*PLACES[place], lambda *_: signal.raise_signal(signum))
        with pytest.raises(Interrupted, match=f"stopped by signal {int(signum)}"):
            mlsci.train([*BASE, f"run.dir={folder.path}"])
    assert signal.getsignal(signum) is before
    assert folder.status["state"] == "interrupted"
    result = run(folder)
    assert folder.status["state"] == "finished"
    assert result.metrics == mlsci.train([*BASE, f"run.dir={tmp_path / 'whole'}"]).metrics


def test_a_second_sigint_ends_a_training_at_once(tmp_path, monkeypatch):
    connect, seen = Job._connect, []

    def strike():
        for _ in range(2):
            seen.append(signal.getsignal(signal.SIGINT))
            signal.raise_signal(signal.SIGINT)

    def connect_and_strike(job):
        connect(job)
        job.model.after_step.append(strike)

    monkeypatch.setattr(Job, "_connect", connect_and_strike)
    folder, before = RunFolder(tmp_path / "run"), signal.getsignal(signal.SIGINT)
    with pytest.raises(Interrupted, match="stopped by signal 2"):
        mlsci.train([*BASE, f"run.dir={folder.path}"])
    assert len(seen) == 2
    assert folder.status["state"] == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before


def test_a_thread_of_the_users_own_keeps_the_handlers():
    before, found = signal.getsignal(signal.SIGTERM), []

    def inside():
        with handled(lambda *_: None) as old:
            found.append((old, signal.getsignal(signal.SIGTERM)))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert found == [({}, before)]
