"""The same multilayer perceptron trained by `mlsci train` and by scikit-learn, on the same rows."""

import contextlib
import io
import json
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from tabular_cases import Case, Parts, score

import mlsci

QUIET = [
    "threads=1", "logger=none", "figures={}", "baselines={}", "reference=null", "test=false",
    "trainer.limit_val_batches=0", "trust=[stopwatch]", "~callbacks.progress", "~callbacks.summary",
]  # fmt: skip


def ours(case: Case, rows: Parts, *, hidden: int, layers: int, batch: int, epochs: int, seed: int) -> tuple:
    """Score, CPU seconds of training and number of parameters, with scikit-learn's settings."""
    net = [f"net.hidden={hidden}", f"net.layers={layers}", "net.activation._target_=torch.nn.ReLU"]
    rest = ["optimizer=adam", "callbacks.checkpoint.monitor=null", f"data.batch_size={batch}"]
    return _run([*case.overrides, *net, *rest, f"trainer.max_epochs={epochs}"], rows, seed=seed)


def recipe(case: Case, rows: Parts, *, seed: int) -> tuple:
    """The same for the experiment as it stands."""
    return _run(case.recipe, rows, seed=seed)


def theirs(rows: Parts, *, hidden: int, layers: int, batch: int, epochs: int, seed: int) -> tuple:
    """The same for scikit-learn: as many epochs whatever the loss does, no penalty; values are standardised."""
    kind = MLPClassifier if rows.classes else MLPRegressor
    net = kind(
        hidden_layer_sizes=(hidden,) * layers, alpha=0.0, batch_size=batch, learning_rate_init=1e-3,
        max_iter=epochs, tol=0.0, n_iter_no_change=epochs + 1, random_state=seed,
    )  # fmt: skip
    x, y = rows.train
    mean, std = (0.0, 1.0) if rows.classes else (y.mean(), y.std())
    x, y = x.astype("float32"), y if rows.classes else ((y - mean) / std).astype("float32")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it says that the epochs are used up
        began = time.process_time()
        net.fit(x, y)
        seconds = time.process_time() - began
    inputs = rows.test[0].astype("float32")
    answers = net.predict_proba(inputs) if rows.classes else net.predict(inputs) * std + mean
    count = sum(each.size for each in [*net.coefs_, *net.intercepts_])
    return score(answers, rows.test[1], classes=rows.classes), seconds, count


def _run(overrides: Sequence[str], rows: Parts, *, seed: int) -> tuple:
    with tempfile.TemporaryDirectory() as folder:
        times = Path(folder, "times.json")
        watch = ["+callbacks.watch._target_=stopwatch.Stopwatch", f"+callbacks.watch.out={times}"]
        place = [f"seed={seed}", f"data.split_seed={seed}", f"run.dir={folder}/run"]
        with contextlib.redirect_stdout(io.StringIO()):
            result = mlsci.train([*overrides, *QUIET, *watch, *place])
        found = json.loads(times.read_text())
    answers = result.model.eval().predict(rows.pictures).detach().numpy()
    return score(answers, rows.test[1], classes=rows.classes), found["cpu_s"], found["parameters"]
