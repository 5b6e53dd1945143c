"""A published number is judged only where the run has the data and the equation that it was measured with."""

import pytest

import mlsci
from mlsci import config, groups
from mlsci.comparison import compare, references
from mlsci.errors import ConfigError
from mlsci.results import collect, table

EXPERIMENTS = sorted(groups.files(groups.folders())["experiment"])
ACAC = "data.train=300K, data.test=MD_300K"


def apart(*overrides: str) -> set[str]:
    """What the numbers of a config were measured with that its run has not."""
    found = config.explain(overrides)
    return {entry["apart"] for entry in references(config.plain(found.config), found.choices)}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_numbers_of_an_experiment_stand_for_it(name):
    assert apart(f"experiment={name}") == {""}


@pytest.mark.parametrize(("overrides", "told"), [
    (["experiment=atoms/silicon", "data.element=Si", "data.batch_size=2", "net.channels=8"], ""),
    (["experiment=atoms/silicon", "data.element=Li"], "data.element=Si"),
    (["experiment=atoms/acac", "data.test=MD_600K"], "data.test=MD_300K"),
    (["experiment=atoms/acac", "data.train_size=50"], "data.train_size=null"),
    (["experiment=atoms/acac", "data=acac"], ""),
    (["experiment=atoms/acac", "data=threebpa"], "data=acac, data.test=MD_300K"),
    (["experiment=atoms/acac", "data=mlearn"], f"data=acac, {ACAC}"),
    (["experiment=images/digits", "data=mnist"], "data=digits"),
    (["experiment=sequences/etth1", "data.horizon=192"], "data.horizon=96"),
    (["experiment=pinn/burgers", "pde=heat"], "pde=burgers"),
    (["experiment=pinn/burgers", "pde.nu=0.01"], "pde.nu=0.003183098861837907"),
    (["experiment=pinn/burgers_nu001", "pde.nu=0.01"], ""),
    (["experiment=pinn/burgers_nu001", "pde.nu=0.02"], "pde.nu=0.01"),
    (["experiment=pinn/burgers", "pde=heat", "reference=[{metric: test/l2, value: 1.0}]"], ""),
])  # fmt: skip
def test_numbers_of_other_data_or_equations_are_told(overrides, told):
    assert apart(*overrides) == {told}


def test_a_number_of_other_data_is_shown_and_not_judged():
    entry = {"metric": "test/mae", "value": 2.0, "source": "a paper", "given": {"data": "wine", "data.hot": True}}
    settings = {"reference": entry, "data": {"hot": True}}
    for choice, reached, source in (("wine", True, "a paper"), ("beer", None, "a paper; for data=wine")):
        ours, baseline = compare({"test/mae": 1.0}, references(settings, {"data": choice}), {"svm": {"test/mae": 0.5}})
        assert (ours["reached"], ours["source"], ours["published"]) == (reached, source, 2.0)
        assert (baseline["reached"], baseline["source"], baseline["who"]) == (False, "same split, this run", "svm")


def test_several_numbers_none_and_one_that_nothing_measures():
    assert compare({"test/mae": 1.0}, references({"reference": None}, {}), {"svm": {"test/mae": 0.5}}) == []
    entries = [{"metric": "test/mae", "value": None}, {"metric": "test/r2", "value": 0.5, "better": "higher"}]
    rows = compare({"test/mae": 1.0, "test/r2": 0.7}, references({"reference": entries}, {}), {})
    assert [row["reached"] for row in rows] == [None, True]
    with pytest.raises(ConfigError, match=r"nothing measures 'test/r2'\. Measured: test/mae"):
        compare({"test/mae": 1.0}, references({"reference": entries}, {}), {})


def test_a_run_with_other_data_has_a_row_without_a_verdict(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    swapped = ["experiment=images/digits", "data=breast_cancer", "net=mlp", "model.augment=null"]
    more = ["callbacks=checkpoint", "logger=none", "figures=null", "baselines=null", "trainer.max_epochs=1"]
    result = mlsci.train([*swapped, *more, f"run.dir={tmp_path / 'a'}"])
    assert [row["reached"] for row in result.comparison] == [None]
    assert "for data=digits" in capsys.readouterr().out
    (found,) = table(collect(tmp_path))
    assert found.reached is None


def test_one_number_over_several_says_what_does_not_fit():
    with pytest.raises(ConfigError, match=r"reference=.*: Cannot merge DictConfig with ListConfig"):
        config.explain(["experiment=atoms/acac", "reference={metric: test/force_mae, value: 1.0}"])
