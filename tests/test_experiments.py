"""Every experiment composes, is checked, states its reference, and runs two steps on made-up data."""

import math

import pytest
import yaml
from omegaconf import DictConfig, OmegaConf

import mlsci
from mlsci import config, groups
from mlsci.build import instantiate
from mlsci.errors import ConfigError

EXPERIMENTS = groups.files([groups.own()])["experiment"]
FAST = ["debug=fast", "logger=none", "~baselines", "data.num_workers=0"]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_is_right(name):
    composed = config.explain([f"experiment={name}"])
    assert composed.experiment == name
    assert groups.headline(EXPERIMENTS[name])


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_states_what_it_is_measured_against(name):
    reference = yaml.safe_load(EXPERIMENTS[name].read_text())["reference"]
    for entry in reference if isinstance(reference, list) else [reference]:
        assert entry["metric"].startswith("test/")
        assert math.isfinite(entry["value"])
        assert entry["better"] in {"higher", "lower", "equal"}
        assert len(entry["source"]) > 10


QUICK = {  # what else would take long on two cores, by the key that an experiment must have for it
    "model.sampler.steps": 1,
    "model.importance_samples": 2,
    "model.bound.samples": 2,
    "model.estimator.delays": [4],
    "model.estimator.widths": [1.0],
    "model.estimator.penalties": [0.01],
    "model.shortcut.penalties": [100.0],
    "model.study.rate_steps": 100,
    "model.study.quadratic_steps": 30,
    "model.study.steps": 30,
    "model.study.draws": 50,
    "model.study.masked": 20,
    "data.distribution.hmc.burn_in": 5,
    "flow.flow.layers": 2,
}
LONG = 336  # from such a past on a window can do without most of its neighbours


def quick(composed: DictConfig) -> list[str]:
    """Overrides of `QUICK` for the keys that are there, and two steps for a classifier that judges samples."""
    found = [f"{key}={value}" for key, value in QUICK.items() if OmegaConf.select(composed, key) is not None]
    if OmegaConf.select(composed, "data.distribution.side") == 32:  # fields of a known distribution
        found.append("data.distribution.side=16")
    if composed.model._target_.endswith(".Operator") and OmegaConf.select(composed, "data.points"):
        found.append("data.points=32")
    if (OmegaConf.select(composed, "data.look_back") or 0) >= LONG:
        found += ["data.stride=50", "data.eval_stride=50"]
    for name in composed.callbacks:
        if OmegaConf.select(composed, f"callbacks.{name}.comparisons.classifier.classifier") is not None:
            found.append(f"+callbacks.{name}.comparisons.classifier.classifier.steps=2")
    return found


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_runs_two_steps_on_made_up_data(name, tmp_path):
    overrides = [f"experiment={name}", *FAST]
    overrides += quick(config.explain(overrides).config)
    values = config.plain(config.explain(overrides).config)
    data = instantiate(values["data"], path="data")
    data.fake(tmp_path / "files")
    folder = [f"run.dir={tmp_path / 'run'}", f"data.files={tmp_path / 'files'}"]
    result = mlsci.train([*overrides, *folder])
    reference = values["reference"]
    first = reference[0] if isinstance(reference, list) else reference
    assert math.isfinite(result.metrics[first["metric"]])
    assert result.comparison[0]["ours"] == result.metrics[first["metric"]]
    assert list((tmp_path / "run" / "figures").glob("*.png"))
    assert (tmp_path / "run" / "checkpoints" / "last.ckpt").is_file()
    assert "warning" not in (tmp_path / "run" / "log.txt").read_text().lower()


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_another_net_and_optimizer_can_be_swapped_into_an_experiment(name):
    for net, optimizer in [("linear", "adam"), ("mlp", "sgd")]:
        choices = config.explain([f"experiment={name}", f"net={net}", f"optimizer={optimizer}"]).choices
        assert (choices["net"], choices["optimizer"]) == (net, optimizer)


def test_one_window_takes_none_of_an_experiment_s_settings_for_several() -> None:
    values = config.plain(config.explain(["experiment=pinn/burgers", "window=off"]).config)
    assert values["window"] == {"_target_": "mlsci.science.collocation.windows.Whole"}


def test_values_for_another_net_are_left_out_and_those_for_both_stay():
    values = config.plain(config.explain(["experiment=images/digits", "net=mlp"]).config)
    own = config.plain(config.explain(["experiment=images/digits"]).config)
    assert "channels" in own["net"]
    assert "channels" not in values["net"]
    assert values["net"]["dropout"] == own["net"]["dropout"]
    assert values["model"]["net"] == values["net"]


def test_settings_of_callbacks_that_are_not_chosen_are_left_out():
    values = config.plain(config.explain(["experiment=sequences/etth1", "callbacks=checkpoint"]).config)
    assert list(values["callbacks"]) == ["checkpoint"]
    with pytest.raises(ConfigError, match=r"callbacks\.ema: has values and no class; choose it too"):
        config.explain(["experiment=sequences/etth1", "callbacks=checkpoint", "callbacks.ema.decay=0.5"])


def test_a_typed_key_that_the_chosen_net_does_not_take_is_named():
    with pytest.raises(ConfigError, match=r"net\.channels: MLP takes no 'channels'"):
        config.explain(["experiment=images/digits", "net=mlp", "net.channels=[8]"])


def test_an_estimator_can_take_the_place_of_a_net_in_an_experiment():
    assert config.explain(["experiment=tables/breast_cancer", "model=logistic"]).choices["model"] == "logistic"
