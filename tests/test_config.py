"""Every mistake in a config is named before anything is written (through the command line)."""

from pathlib import Path

import pytest

from mlsci import config, groups
from mlsci.errors import ConfigError
from mlsci.record import RunFolder

DIGITS = "experiment=images/digits"
ONE_MISTAKE = {
    "changed key": ("optimizer.weigth_decay=0.1", "did you mean 'weight_decay'?", ["betas", "lr", "weight_decay"]),
    "added key": ("+optimizer.weigth_decay=0.1", "did you mean 'weight_decay'?", ["amsgrad", "betas", "weight_decay"]),
    "trainer key": ("trainer.max_epoch=3", "did you mean 'max_epochs'?", ["max_epochs", "precision"]),
    "type": ("seed=abc", "seed: expected int, got 'abc'", []),
    "choice": ("net=resnett", "did you mean 'resnet'?", ["cnn", "linear", "mlp", "resnet"]),
}


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A working directory with nothing in it."""
    place = tmp_path / "empty"
    place.mkdir()
    return place


def messages(*overrides: str, **options) -> list[str]:
    """What is wrong with these overrides."""
    with pytest.raises(ConfigError) as caught:
        config.explain(list(overrides), **options)
    return caught.value.messages


@pytest.mark.parametrize("case", ONE_MISTAKE)
def test_one_mistake_is_one_line_and_writes_nothing(case, run_here, empty):
    override, hint, known = ONE_MISTAKE[case]
    answer = run_here(["train", DIGITS, override], empty)
    assert answer.code == 2
    assert len(answer.errors) == 1
    assert hint in answer.err
    assert all(name in answer.err for name in known)
    assert answer.out == ""
    assert list(empty.iterdir()) == []


def test_a_misspelt_experiment_is_one_line_and_writes_nothing(run_cli, empty):
    answer = run_cli(["train", "experiment=image/digits"], empty)
    assert answer.code == 2
    assert len(answer.errors) == 1
    assert "experiment=image/digits: no such choice; did you mean 'images/digits'? known: " in answer.err
    assert list(empty.iterdir()) == []


def test_all_mistakes_come_in_one_message(run_here, empty):
    wrong = ["optimizer.weigth_decay=0.1", "seed=abc", "net=resnett", "trainer.max_epoch=3", "+optimizer.lrr=3"]
    answer = run_here(["train", DIGITS, *wrong], empty)
    assert answer.code == 2
    assert len(answer.errors) == len(wrong)
    for words in ("'weight_decay'", "seed: expected int", "'resnet'", "'max_epochs'", "optimizer.lrr: AdamW takes no"):
        assert answer.err.count(words) == 1
    assert list(empty.iterdir()) == []


def test_a_net_for_pictures_on_a_table_says_which_shapes_meet_before_any_download(run_here, empty, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    answer = run_here(["train", "data=photoz", "net=cnn"], empty, MLSCI_DATA_DIR=str(data))
    assert answer.code == 2
    assert len(answer.errors) == 1
    for words in ("net=cnn", "data=photoz", "(5,)", "(channels, height, width)"):
        assert words in answer.err
    assert list(empty.iterdir()) == []
    assert list(data.iterdir()) == []


NET = '''"""A net of a user's own."""

from torch import nn


class Mine(nn.Module):
    """Refuses an odd width."""

    def __init__(self, *, width: int):
        super().__init__()
        self.width = halved(width)


def halved(width: int) -> int:
    """Half of an even number."""
    if width % 2:
        raise RuntimeError(f"an odd width: {width}")
    return width // 2
'''
MINE = ["train", "data=digits", "net=mine", "trust=[mylab]", "logger=none"]


@pytest.fixture
def mylab(empty: Path) -> Path:
    """A package with a net that raises, and its config, in the working directory."""
    (empty / "mylab").mkdir()
    (empty / "mylab" / "__init__.py").write_text('"""Of a user\'s own."""\n')
    (empty / "mylab" / "nets.py").write_text(NET)
    (empty / "configs" / "net").mkdir(parents=True)
    (empty / "configs" / "net" / "mine.yaml").write_text("# Mine.\n_target_: mylab.nets.Mine\nwidth: 3\n")
    return empty


def test_an_error_in_a_users_net_names_key_target_and_line(run_here, mylab):
    answer = run_here(MINE, mylab)
    line = 1 + NET.splitlines().index('        raise RuntimeError(f"an odd width: {width}")')
    assert answer.code == 2
    assert len(answer.errors) <= 3
    assert answer.err.startswith("mlsci: error: model.net: Mine: RuntimeError: an odd width: 3")
    assert f"mylab/nets.py:{line}, in halved" in answer.err
    assert not (mylab / "runs").exists()


def test_the_whole_chain_is_shown_on_demand(run_here, mylab):
    answer = run_here(MINE, mylab, MLSCI_TRACEBACK="1")
    assert answer.code != 0
    assert "Traceback (most recent call last)" in answer.err
    assert "raise RuntimeError" in answer.err
    assert "instantiate" in answer.err


def test_a_wrong_argument_of_a_users_net_is_found_from_its_source(run_here, mylab):
    answer = run_here([*MINE, "+net.widht=4"], mylab)
    assert answer.code == 2
    assert "net.widht: Mine takes no 'widht'; did you mean 'width'?" in answer.err
    assert not (mylab / "runs").exists()


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("optimizer.lr", "optimizer.lr: cannot be read; write key=value"),
        ("optimizer.lr=[1", "optimizer.lr=[1: cannot be read; write key=value"),
        ("optimizer.lr=1,2", "several values need -m"),
        ("optimizer.lr=fast", "optimizer.lr: expected float"),
        ("optimizer.lr=", "optimizer.lr: expected float"),
        ("data.batch_size=2.5", "data.batch_size: expected int, got 2.5"),
        ("data.bacth_size=2", "did you mean 'batch_size'?"),
        ("seed=null", "seed: expected int, got None"),
        ("seed=1.5", "seed: expected int, got 1.5"),
        ("threads=two", "threads: expected int | None, got 'two'"),
        ("trust=os", "trust: expected list[str], got 'os'"),
        ("callbacks=[default,emma]", "callbacks=emma: no such choice; did you mean 'ema'?"),
        ("logger=wandbb", "did you mean 'wandb'?"),
        ("trainer.precision=17", "trainer.precision: expected one of"),
        ("trainer.profiler=simple", "write +trainer.profiler=simple"),
        ("~callbacks.progres", "did you mean 'progress'?"),
        ("~nosuch", "nosuch: no such key"),
        ("+foo=1", "foo: no such key. Known: "),
        ("seed.x=1", "seed.x: 'seed' is 0 here and has no key 'x'"),
        ("net._target_=torch.load", "net._target_: 'torch.load' is not in an allowed package; add trust=[torch]"),
        ("net._target_=mlsci.nets.mlp.MPL", "did you mean 'MLP'?"),
        ("run.nmae=x", "did you mean 'name'?"),
        ("scheduler.interval=steps", "scheduler.interval: expected one of"),
        ("~optimizer", "optimizer: needs a _target_; choose one: optimizer=..."),
        ("optimizer=null", "optimizer=None: no such choice; known: adam"),
        ("reference=3", "reference: expected"),
        ("reference.metrik=3", "reference.metrik: "),
    ],
)
def test_each_kind_of_mistake_has_one_message(override, words):
    found = messages(DIGITS, override)
    assert len(found) == 1
    assert words in found[0]


@pytest.mark.parametrize("key", ["trainer", "callbacks", "logger", "data", "model", "paths", "run"])
def test_a_part_that_every_run_needs_cannot_be_removed(key):
    assert f"{key}: needs a value" in messages(f"~{key}")


def test_unknown_choices_in_a_sweep_are_named_one_by_one():
    found = messages(DIGITS, "net=cnn,mlpp", "optimizer.lrr=3", sweep=True)
    assert len(found) == 2
    assert found[0].startswith("net=mlpp: no such choice; did you mean 'mlp'?")
    assert found[1].startswith("optimizer.lrr: no such key")


def test_a_missing_config_folder_is_named(tmp_path):
    assert messages(config_dirs=[tmp_path / "none"]) == [f"--config-dir {tmp_path / 'none'}: no such folder"]


def test_a_good_config_has_its_choices_and_leaves_hydra_clean():
    from hydra.core.global_hydra import GlobalHydra

    composed = config.explain([DIGITS, "optimizer=sgd", "optimizer.lr=1e-2"])
    assert composed.experiment == "images/digits"
    assert (composed.choices["data"], composed.choices["optimizer"]) == ("digits", "sgd")
    assert composed.config.optimizer.lr == 0.01
    assert not GlobalHydra.instance().is_initialized()


def test_values_of_one_config_are_not_found_in_the_next():
    changed = config.explain([DIGITS, "net.dropout=0.77", "~reference"])
    again = config.explain([DIGITS])
    assert changed.config.net.dropout == 0.77
    assert again.config.net.dropout != 0.77
    assert again.config.reference is not None


def test_a_config_file_that_changed_is_read_again(tmp_path):
    text = "_target_: mlsci.nets.mlp.MLP\nin_features: ${{spec:in_features}}\nout_features: 1\nhidden: {}\n"
    (tmp_path / "net").mkdir()
    for hidden in (8, 16, 16):
        (tmp_path / "net" / "mine.yaml").write_text(text.format(hidden))
        assert config.explain(["net=mine"], [tmp_path]).config.net.hidden == hidden
    (tmp_path / "net" / "mine.yaml").unlink()
    assert "net=mine: no such choice" in messages("net=mine", config_dirs=[tmp_path])[0]


def test_a_run_without_an_experiment_is_named_after_data_and_model():
    assert config.explain(["data=diabetes", "model=ridge"]).experiment == "diabetes/ridge"


NEEDED = {  # by callbacks that stand for nothing by themselves
    "finetune": ["callbacks.finetune.checkpoint=best.ckpt"],
    "feature_quality": ["callbacks.feature_quality.comparisons.frechet.features.path=best.ckpt"],
    "field_quality": ["data=gaussian_field"],
    "mode_quality": ["data=gaussian_grid"],
}


CHOICES = groups.files([groups.own()])
TOGETHER = ["net", "optimizer", "scheduler", "callbacks", "logger", "trainer", "debug"]  # a model brings a net


def chosen(group: str, name: str) -> list[str]:
    """The overrides that choose it, and what it needs."""
    override = f"{group}=[checkpoint,{name}]" if group == "callbacks" else f"{group}={name}"
    return [override, *NEEDED.get(name, [])]


@pytest.mark.parametrize("row", range(max(len(CHOICES[group]) for group in TOGETHER)))
def test_every_choice_of_groups_that_go_together_passes_the_check(row):
    names = {group: list(CHOICES[group])[row] for group in TOGETHER if row < len(CHOICES[group])}
    overrides = [text for group, name in names.items() for text in chosen(group, name)]
    found = config.explain(["data=digits", *overrides]).choices
    assert {group: found[group] for group in names if group != "callbacks"}.items() <= names.items()


@pytest.mark.parametrize("name", CHOICES["model"])
def test_every_model_passes_the_check(name):
    assert config.explain(["data=digits", *chosen("model", name)]).choices["model"] == name


def test_a_broken_file_of_a_users_own_is_a_message(tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "broken.yaml").write_text("_target_: [unclosed\n")
    (found,) = messages("net=broken", config_dirs=[tmp_path])
    assert "broken.yaml" in found


def test_a_missing_interpolation_names_its_key(tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "mine.yaml").write_text("_target_: mlsci.nets.linear.Linear\nin_features: ${vars.nosuch}\n")
    (found,) = messages("net=mine", config_dirs=[tmp_path])
    assert "net.in_features" in found
    assert "vars.nosuch" in found


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ("reference={metric: test/acc, value: 1}", "reference.metric: nothing measures 'test/acc'"),
        ("callbacks.checkpoint.monitor=val/acc", "nothing logs 'val/acc'"),
    ],
)
def test_a_mistake_that_shows_only_after_training_does_not_delete_the_run(mistake, words, tmp_path):
    import mlsci

    small = ["data=digits", "net=linear", "debug=fast", "logger=csv", "callbacks=checkpoint", "figures={}"]
    with pytest.raises(ConfigError, match=words):
        mlsci.train([*small, mistake, f"run.dir={tmp_path / 'run'}"])
    assert RunFolder(tmp_path / "run").status["state"] == "failed"
    assert (tmp_path / "run" / "metrics.csv").is_file()


def test_a_mistake_that_shows_before_training_leaves_no_folder(tmp_path):
    import mlsci

    with pytest.raises(ConfigError, match="net=cnn meets data=diabetes"):
        mlsci.train(["data=diabetes", "net=cnn", "logger=none", f"run.dir={tmp_path / 'deep' / 'run'}"])
    assert list(tmp_path.iterdir()) == []


def test_an_estimator_that_does_not_fit_the_data_is_a_message(tmp_path):
    import mlsci

    with pytest.raises(ConfigError, match="model=ridge and data=digits do not fit"):
        mlsci.train(["data=digits", "model=ridge", "logger=none", f"run.dir={tmp_path / 'run'}"])
