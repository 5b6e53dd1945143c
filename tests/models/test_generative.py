"""Every generative model through the whole road: train on digits, test, draw figures, sample and predict by verbs."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

import mlsci
from mlsci import verbs
from mlsci.errors import MlsciError

FAST = [
    "data=digits", "trainer.max_epochs=1", "trainer.limit_train_batches=3", "callbacks=[checkpoint,ema]",
    "logger=none", "threads=1", "model.pictured=20",
]  # fmt: skip
CONVOLUTIONS = ["net=cnn", "net.channels=[4]", "net.norm=false", "net.hidden=8"]
DECODER = ["net@model.decoder=cnn_decoder", "model.decoder.width=4", "model.decoder.levels=2"]
UNET = ["net=film_unet", "net.width=4", "net.levels=2"]
MODELS = {
    "autoencoder": (["model=autoencoder", *CONVOLUTIONS, *DECODER], "reconstruction"),
    "pca": (["model=pca"], "nll"),
    "vae": (["model=vae", "condition=classes", *CONVOLUTIONS, *DECODER, "model.importance_samples=10"], "nll"),
    "flow": (["model=flow", "net=fcn", "net.width=4", "flow.layers=2"], "nll"),
    "flow_matching": (["model=flow_matching", "condition=classes", "model.sampler.steps=2", *UNET], "loss"),
    "diffusion": (["model=diffusion", "model.sampler.steps=3", *UNET], "loss"),
    "gan": (["model=gan", "net.hidden=8"], "critic"),
}
SCORED = {"autoencoder", "pca", "flow"}
CODED = {"autoencoder", "pca", "vae"}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_trained_drawn_sampled_and_asked(name: str, tmp_path: Path) -> None:
    overrides, metric = MODELS[name]
    result = mlsci.train([*FAST, *overrides, f"run.dir={tmp_path / 'run'}"])
    assert math.isfinite(result.metrics[f"test/{metric}"])
    drawn = {path.stem for path in (tmp_path / "run" / "figures").glob("*.png")}
    assert drawn >= ({"samples", "reconstructions", "interpolation", "latent"} if name in CODED else {"samples"})
    assert "warning" not in (tmp_path / "run" / "log.txt").read_text().lower()
    best = tmp_path / "run" / "checkpoints" / "last.ckpt"
    told = "3" if "condition=classes" in overrides else None
    made = verbs.sample(best, n=3, out=tmp_path / "new.npz", condition=told)
    assert [path.suffix for path in made] == [".npz", ".png"]
    assert np.load(made[0])["samples"].shape == (3, 1, 8, 8)
    np.savez(tmp_path / "in.npz", inputs=(load_digits().images[:5, None] / 16).astype(np.float32))
    if name in SCORED:
        verbs.predict(best, tmp_path / "in.npz", out=tmp_path / "out.csv")
        rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
        assert list(rows[0]) == ["score"]
        with torch.no_grad():
            expected = result.model.eval().predict(torch.as_tensor(np.load(tmp_path / "in.npz")["inputs"]))
        assert np.allclose([float(row["score"]) for row in rows], expected[:, 0].numpy(), rtol=1e-4)
    else:
        with pytest.raises(MlsciError, match=r"no predictions|without their conditions"):
            verbs.predict(best, tmp_path / "in.npz", out=tmp_path / "out.csv")
