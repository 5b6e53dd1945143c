"""Channels innermost in memory while a net for pictures is trained."""

import torch

import mlsci
from mlsci.callbacks.channels_last import ChannelsLast
from mlsci.nets.cnn import CNN
from mlsci.nets.fno import FNO


def innermost(weight: torch.Tensor) -> bool:
    return weight.stride(1) == 1  # one channel further is one place further


def test_weights_of_convolutions_change_their_order_and_back_and_nothing_else() -> None:
    net = CNN(in_shape=(1, 8, 8), out_features=2, channels=(4, 4), hidden=8)  # one channel has two orders at once
    before = {name: value.clone() for name, value in net.state_dict().items()}
    weights = [block[0].weight for block in net.blocks]
    ChannelsLast().setup(None, net, stage="fit")
    assert all(innermost(weight) for weight in weights)
    assert net.head[1].weight.is_contiguous()
    ChannelsLast().teardown(None, net, stage="fit")
    assert all(weight.is_contiguous() and not innermost(weight) for weight in weights)
    assert all(block[0].weight is weight for block, weight in zip(net.blocks, weights, strict=True))  # the optimizer's
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_parameters_with_four_axes_that_are_no_convolutions_stay() -> None:
    net = FNO(in_shape=(1, 16), out_shape=(1, 16), modes=4, width=4, layers=1)
    ChannelsLast().setup(None, net, stage="fit")
    assert net.layers[0].weight.is_contiguous()


def test_training_gives_the_same_net_but_for_rounding(tmp_path) -> None:
    small = ["data=digits", "net=cnn", "net.channels=[8,8]", "optimizer=sgd", "trainer.max_epochs=1", "logger=none"]
    plain, other = (
        mlsci.train([*small, f"callbacks=[{names}]", "test=false", f"run.dir={tmp_path / name}"]).model
        for name, names in (("plain", "checkpoint,ema"), ("other", "checkpoint,ema,channels_last"))
    )
    assert other.net.blocks[1][0].weight.is_contiguous()
    for mine, theirs in zip(other.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-4)
