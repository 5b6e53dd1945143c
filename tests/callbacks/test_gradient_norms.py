"""Gradient norms in the learning curves."""

import csv

import pytest

import mlsci


def test_the_norm_of_each_layer_stands_in_the_curves(tmp_path) -> None:
    """With a learning rate of 0 every step sees the same weights, so that the norm can be had again afterwards."""
    small = ["data=digits", "net=mlp", "net.layers=1", "optimizer=sgd", "optimizer.lr=0", "data.batch_size=2000"]
    small += [
        "trainer.max_epochs=2",
        "callbacks=[checkpoint,gradient_norms]",
        "logger=csv",
        f"run.dir={tmp_path / 'run'}",
    ]
    result = mlsci.train([*small, "trainer.log_every_n_steps=1"])
    with (tmp_path / "run" / "metrics.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["train/loss"]]
    names = {name for name in rows[0] if name.startswith("train/gradient/")}
    assert names == {"train/gradient/net.blocks.0.0", "train/gradient/net.head"}
    from mlsci.data.digits import Digits

    data = Digits()
    data.setup()
    model = result.model.train()
    model.zero_grad()
    model.loss(data.split("train").tensors)[0].backward()
    norm = sum(p.grad.square().sum() for p in model.net.head.parameters()).sqrt()
    assert [float(row["train/gradient/net.head"]) for row in rows] == pytest.approx([float(norm)] * 2, rel=1e-4)
