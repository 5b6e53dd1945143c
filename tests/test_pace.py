"""The inner loop takes the very steps of a plain torch loop, and Lightning's counters stay right."""

import csv

import pytest
import torch

import mlsci
from mlsci.data.digits import Digits
from mlsci.data.order import permutation, seed_all
from mlsci.errors import ConfigError, NonFiniteLoss
from mlsci.nets.mlp import MLP

BASE = ["data=digits", "net=mlp", "logger=csv", "threads=1", "callbacks=checkpoint", "seed=5", "test=false"]


def train(tmp_path, name, *more):
    """A run of two epochs of 21 batches."""
    return mlsci.train([*BASE, f"run.dir={tmp_path / name}", "trainer.max_epochs=2", *more])


def last(result):
    """The weights after the last step."""
    from mlsci import checkpoint

    return checkpoint.read(result.folder / "checkpoints" / "last.ckpt")


def plain_loop(*, accumulate: int = 1, clip: float | None = None) -> list[torch.Tensor]:
    """Two epochs by hand: the same seed, order, net and optimizer."""
    data = Digits(seed=5)
    data.setup()
    x, y = data.split("train").tensors
    seed_all(5)
    net = MLP(in_features=64, out_features=10)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-2, fused=True)
    for epoch in range(2):
        order = permutation(len(x), seed=5, epoch=epoch)
        batches = order.split(64)
        for i, rows in enumerate(batches):
            loss = torch.nn.functional.cross_entropy(net(x[rows]), y[rows])
            (loss / accumulate).backward()
            if (i + 1) % accumulate and i + 1 < len(batches):
                continue
            if clip is not None:
                torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
            optimizer.step()
            optimizer.zero_grad()
    return [p.detach() for p in net.parameters()]


@pytest.mark.parametrize("inner", ["1", "5", "auto"])
def test_weights_equal_those_of_a_plain_loop_to_the_last_bit(tmp_path, inner):
    found = last(train(tmp_path, "run", f"inner_steps={inner}", "model.inputs=null"))["state_dict"]
    for ours, plain in zip(found.values(), plain_loop(), strict=True):
        assert torch.equal(ours, plain)


def test_clipping_and_accumulation_equal_those_of_a_plain_loop(tmp_path):
    more = ["trainer.gradient_clip_val=0.05", "trainer.accumulate_grad_batches=4", "model.inputs=null"]
    result = last(train(tmp_path, "run", *more))
    for ours, plain in zip(result["state_dict"].values(), plain_loop(accumulate=4, clip=0.05), strict=True):
        assert torch.equal(ours, plain)
    assert result["global_step"] == 2 * 6  # 21 batches: five steps of four and one of the rest


@pytest.mark.parametrize("steps", [1, 21, 25])
@pytest.mark.parametrize("inner", ["auto", "4"])
def test_max_steps_is_kept_exactly(tmp_path, steps, inner):
    result = last(train(tmp_path, "run", "trainer.max_epochs=9", f"trainer.max_steps={steps}", f"inner_steps={inner}"))
    assert result["global_step"] == steps
    assert result["mlsci"]["resume"]["epochs"] == steps // 21
    assert result["mlsci"]["resume"]["batches"] == steps % 21


@pytest.mark.parametrize(("limit", "batches"), [("3", 3), ("0.5", 10)])
def test_limit_train_batches_counts_batches(tmp_path, limit, batches):
    assert last(train(tmp_path, "run", f"trainer.limit_train_batches={limit}"))["global_step"] == 2 * batches


def test_log_lines_stand_at_their_steps(tmp_path):
    result = train(tmp_path, "run", "trainer.log_every_n_steps=10", "scheduler=onecycle")
    with (result.folder / "metrics.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["step"]) for row in rows] == [10, 20, 21, 31, 41, 42]
    assert [row["step"] for row in rows if row["val/loss"]] == ["21", "42"]
    assert [row["epoch"] for row in rows] == ["0", "0", "0", "1", "1", "1"]


def test_schedule_by_steps_covers_the_whole_run(tmp_path):
    result = train(tmp_path, "run", "scheduler=cosine")
    assert last(result)["optimizer_states"][0]["param_groups"][0]["lr"] == pytest.approx(0.0, abs=1e-12)


def test_plateau_and_epoch_schedules(tmp_path):
    more = ["scheduler.schedule.step_size=1", "scheduler.schedule.gamma=0.5"]
    stepped = last(train(tmp_path, "step", "scheduler=step", *more))
    assert stepped["optimizer_states"][0]["param_groups"][0]["lr"] == pytest.approx(2.5e-4)
    more = ["scheduler.schedule.patience=0", "optimizer.lr=0.0", "scheduler.schedule.factor=0.5"]
    assert last(train(tmp_path, "plateau", "scheduler=plateau", *more))["global_step"] == 42


def test_lbfgs_takes_closures(tmp_path):
    result = train(tmp_path, "run", "optimizer=lbfgs", "data.batch_size=2000", "trainer.max_epochs=8")
    assert last(result)["global_step"] == 8
    assert result.metrics["val/accuracy"] > 0.9


def test_closures_and_accumulation_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="LBFGS evaluates the loss several times"):
        train(tmp_path, "run", "optimizer=lbfgs", "trainer.accumulate_grad_batches=2")


def test_inner_steps_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"inner_steps.*mixed precision"):
        train(tmp_path, "run", "trainer.precision=bf16-mixed", "inner_steps=4")


def test_mixed_precision_goes_through_lightning(tmp_path):
    result = train(tmp_path, "run", "trainer.precision=bf16-mixed")
    assert last(result)["global_step"] == 42
    assert result.metrics["val/accuracy"] > 0.5


def test_nan_loss_ends_the_run_and_keeps_the_best_state(tmp_path):
    with pytest.raises(NonFiniteLoss, match=r"optimizer\.lr"):
        train(tmp_path, "run", "optimizer=sgd", "optimizer.lr=1e18", "trainer.max_epochs=20")
    from mlsci.record import RunFolder

    assert RunFolder(tmp_path / "run").status["state"] == "failed"


def test_ema_is_what_the_best_checkpoint_holds(tmp_path):
    result = train(tmp_path, "run", "callbacks=[checkpoint,ema]", "callbacks.ema.decay=0.9")
    payload = last(result)
    raw = payload["callbacks"]["EMA"]["raw"]
    averaged = list(payload["state_dict"].values())
    assert not torch.equal(raw[0], averaged[0])
    assert torch.equal(mlsci.load(result.folder / "checkpoints" / "best.ckpt").net.blocks[0][0].weight, averaged[0])


def test_learning_rate_test_changes_nothing_but_suggests(tmp_path, capsys):
    with_test = last(train(tmp_path, "with", "callbacks=[checkpoint,lr_finder]"))
    suggestion = capsys.readouterr().out
    without = last(train(tmp_path, "without"))
    assert "suggests optimizer.lr=" in suggestion
    assert 1e-5 < float(suggestion.split("optimizer.lr=")[1].split()[0]) < 1.0
    for left, right in zip(with_test["state_dict"].values(), without["state_dict"].values(), strict=True):
        assert torch.equal(left, right)
