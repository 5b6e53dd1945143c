"""Nets under `model=supervised`: which data each takes, and what is said, before any download, of others."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from mlsci import config
from mlsci.data.base import Data
from mlsci.data.spec import DataSpec
from mlsci.errors import ConfigError
from mlsci.modelling import build_model
from mlsci.models.base import Model
from mlsci.shapes import check_shapes

NEUTRAL = {"inputs": {"mean": 0.0, "std": 1.0}, "targets": {"mean": 0.0, "std": 1.0}}


def spec(inputs: tuple[int, ...], targets: tuple[int, ...] = (), *, classes: int = 0) -> DataSpec:
    names = tuple(f"class {i}" for i in range(classes)) or None
    return DataSpec(inputs=inputs, targets=targets, classes=names, statistics=NEUTRAL)


DATA = {
    "table": spec((10,), (1,)),
    "pictures": spec((3, 16, 12), classes=4),
    "signals": spec((1, 40), classes=4),
    "forecasts": spec((24, 2), (6, 2)),
    "sequences": spec((24, 2), (24, 3)),
    "labels in time": spec((24, 2), (24,)),
    "sets": spec((8, 5), (1,)),
    "compositions": spec((4, 4), (1,)),
    "fields": spec((2, 16, 12), (1, 16, 12)),
    "lines": spec((1, 64), (64,)),
}


def meet(data: str, *overrides: str) -> Model:
    """The model of a config, after two samples of zeros went through it."""
    found = DATA[data]
    base = ["data=digits" if found.classes else "data=diabetes"]
    composed = config.explain([*base, *overrides])
    choices = {**composed.choices, "data": data}
    stand_in = cast(Data, SimpleNamespace(spec=found))
    model, _ = build_model(config.plain(composed.config), stand_in, steps=1, choices=choices)
    check_shapes(model, stand_in, choices=choices)
    return model


FITS: list[tuple[str, list[str]]] = [
    ("pictures", ["model=cnn", "net.periodic=true", "net.average=true"]),
    ("pictures", ["model=resnet", "net.periodic=true"]),
    ("pictures", ["net=vision_transformer"]),
    ("pictures", ["net=vision_transformer", "net.positions=rotary", "net.patch=2"]),
    ("signals", ["model=cnn"]),
    ("signals", ["model=resnet"]),
    ("signals", ["model=rnn", "net.channels_last=false", "net.kind=gru"]),
    ("signals", ["model=transformer", "net.channels_last=false", "net.patch=4"]),
    ("signals", ["net=gru", "net.channels_last=false", "net.output=mean"]),
    ("forecasts", ["model=rnn"]),
    ("forecasts", ["model=transformer", "net.causal=true", "net.output=last"]),
    ("forecasts", ["model=cnn", "net.channels_last=true"]),
    ("sequences", ["model=rnn", "net.output=each", "net.kind=rnn"]),
    ("sequences", ["model=transformer", "net.output=each", "net.positions=learned"]),
    ("labels in time", ["model=rnn", "net.output=each"]),
    ("sets", ["model=deepset", "net.padded=true"]),
    ("sets", ["net=set_transformer", "net.padded=true"]),
    ("compositions", ["net=composition"]),
    ("compositions", ["model=committee", "net=composition", "model.members=2"]),
    ("compositions", ["model=committee", "net=deepset", "net.padded=true"]),
    ("fields", ["model=fno", "net.modes=6"]),
    ("fields", ["model=fno", "net.modes=[6,4]", "net.padding=0.25", "net.coordinates=false"]),
    ("fields", ["model=unet"]),
    ("fields", ["net=vision_transformer", "net.output=each"]),
    ("lines", ["model=fno"]),
    ("lines", ["model=unet", "net.periodic=true"]),
]


@pytest.mark.parametrize(("data", "overrides"), FITS, ids=lambda value: str(value))
def test_a_net_takes_data_of_its_kind(data: str, overrides: list[str]) -> None:
    assert meet(data, *overrides).predicts


WRONG: list[tuple[str, list[str], str]] = [
    ("table", ["net=cnn"], "takes pictures (channels, height, width) or series (channels, length), got"),
    ("table", ["net=resnet"], "takes pictures (channels, height, width) or series (channels, length), got"),
    ("table", ["net=rnn"], "RNN takes sequences (length, features), got"),
    ("table", ["net=transformer"], "Transformer takes sequences (length, features), sets"),
    ("table", ["net=deepset"], "DeepSet takes sets (size, features) of two vectors or more, got"),
    ("table", ["net=unet"], "UNet maps fields (channels, length) or (channels, height, width) to fields on the same"),
    ("table", ["net=fno"], "FNO maps fields (channels, length) or (channels, height, width) to fields on the same"),
    ("table", ["net=composition"], "CompositionNet takes sets (size, features) of two vectors or more, got"),
    ("pictures", ["net=fno"], "got inputs of shape (3, 16, 12) and targets of shape ()"),
    ("pictures", ["net=unet"], "got inputs of shape (3, 16, 12) and targets of shape ()"),
    ("pictures", ["net=rnn"], "RNN takes sequences (length, features), got inputs of shape (3, 16, 12)"),
    ("pictures", ["net=vision_transformer", "net.patch=5"], "patch must divide 16 and 12, got 5"),
    ("signals", ["net=rnn"], "of two steps or more, got inputs of shape (1, 40); channels_last=false takes"),
    ("forecasts", ["net=rnn", "net.output=each"], "all of 24 positions equally many values, got 12 outputs"),
    ("fields", ["net=fno", "net.modes=7"], "modes must be from 1 to half of the points, here 8 and 6, got 7"),
    ("fields", ["net=unet", "net.levels=5"], "levels must be from 1 to 4 on 16 x 12, got 5"),
]


@pytest.mark.parametrize(("data", "overrides", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_other_data_are_refused_in_words(data: str, overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        meet(data, *overrides)
    text = str(error.value)
    assert message in text
    assert f"{overrides[0]} meets data={data}" in text


def test_words_that_a_net_does_not_know_are_found_without_torch() -> None:
    with pytest.raises(
        ConfigError, match=r"net\.kind: expected one of 'rnn', 'lstm', 'gru', got 'lstmm'; did you mean 'lstm'"
    ):
        config.explain(["data=diabetes", "net=rnn", "net.kind=lstmm"])


def test_a_net_may_give_fields_on_another_grid_than_the_data_s() -> None:
    import torch

    model: Any = meet("fields", "net=fno", "net.modes=4")
    assert model.predict(torch.zeros(2, 2, 20, 30)).shape == (2, 1, 20, 30)
