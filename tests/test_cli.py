"""The command line: what needs no torch stays light, and what is mistyped is explained."""

import runpy
import sys
from pathlib import Path

import pytest

from mlsci import launch
from mlsci.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent

LIGHT = {
    "help": ["--help"],
    "version": ["--version"],
    "list": ["list"],
    "list a group": ["list", "net"],
    "show": ["show", "net/cnn"],
    "check": ["check", "experiment=images/digits"],
    "check a mistake": ["check", "experiment=images/digits", "optimizer.lrr=1"],
    "train --help": ["train", "--help"],
    "cfg": ["train", "--cfg", "job"],
    "complete a group": ["__complete", "mlsci train net="],
    "complete a key": ["__complete", "mlsci train optimizer."],
    "completion script": ["completion", "bash"],
}
HYDRA_ALONE = """
import sys
from hydra import compose, initialize_config_dir
from mlsci import interpolation
interpolation.register()
with initialize_config_dir(version_base="1.3", config_dir=sys.argv[1]):
    compose("train", overrides=["experiment=images/digits"], return_hydra_config=True)
"""
COMPOSE = {"check", "check a mistake", "cfg", "complete a group", "complete a key"}
TIMES_HYDRA = 2.5  # a ratio, as the same machine takes 0.8 to 1.6 CPU-seconds for the same check
TIMES_HYDRA_LISTING = 1.5  # for verbs that compose nothing


@pytest.mark.parametrize("case", LIGHT)
def test_light_verbs_import_no_torch(case, run_cli, tmp_path):
    answer = run_cli(LIGHT[case], tmp_path, flags=["-X", "importtime"])
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in answer.errors if "|" in line}
    assert "argparse" in imported
    assert not imported & {"torch", "lightning", "sklearn", "numpy", "matplotlib", "wandb"}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("case", LIGHT)
def test_light_verbs_cost_little_beside_hydra_composing_a_config(case, run_cli, run_command, tmp_path):
    limit = TIMES_HYDRA if case in COMPOSE else TIMES_HYDRA_LISTING
    ratios = []
    for _ in range(3):
        alone = run_command([sys.executable, "-c", HYDRA_ALONE, ROOT / "configs"], tmp_path)
        assert alone.code == 0, alone.err
        ratios.append(run_cli(LIGHT[case], tmp_path).seconds / alone.seconds)
        if ratios[-1] <= limit:
            break
    assert min(ratios) <= limit


def test_help_names_every_verb(run_here, tmp_path):
    from mlsci.cli import PLAIN_HELP, VERBS

    answer = run_here(["--help"], tmp_path)
    assert answer.code == 0
    assert all(f"\n    {verb}" in answer.out for verb in (*PLAIN_HELP, *VERBS))


def test_train_help_shows_the_syntax_and_every_group(run_here, tmp_path):
    answer = run_here(["train", "--help"], tmp_path)
    assert answer.code == 0
    assert "optimizer.lr=1e-3" in answer.out
    assert "net         cnn" in answer.out


CHECKED = ("list", "show", "resume", "evaluate", "predict", "sample", "export", "check", "simulate", "relax", "profile")


@pytest.mark.parametrize("verb", CHECKED)
def test_every_verb_has_a_help(verb, run_here, tmp_path):
    answer = run_here([verb, "--help"], tmp_path)
    assert answer.code == 0
    assert answer.out.startswith(f"usage: mlsci {verb}")


def test_a_misspelt_verb_is_one_line(run_here, tmp_path):
    answer = run_here(["trian"], tmp_path)
    assert answer.code == 2
    assert len(answer.errors) == 1
    assert "trian: no such verb; did you mean 'train'? known: " in answer.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--fast"], "--fast: no such option"),
        (["train", "--config-dir"], "--config-dir: needs a folder"),
        (["train", "--config-dir", "nowhere"], "--config-dir nowhere: no such folder"),
        (["check", "--bulid"], "--bulid: no such option"),
        (["list", "nett"], "nett: no such group; did you mean 'net'?"),
        (["show", "net/cnnn"], "net/cnnn: no such choice; did you mean 'cnn'?"),
        (["show", "nett/cnn"], "no group 'nett'; did you mean 'net'?"),
        (["copy", "net/cnn", "/proc/nowhere"], "/proc/nowhere/net/my_cnn.yaml: cannot be written"),
        (["resume", "nowhere"], "nowhere: no run folder"),
        (["train", "--cfg", "job", "optimizer.lrr=1"], "optimizer.lrr: no such key 'lrr' in optimizer"),
        (["train", "--cfg", "job", "net=cnnn"], "net=cnnn: no such choice; did you mean 'cnn'?"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_two(arguments, words, run_here, tmp_path):
    answer = run_here(arguments, tmp_path)
    assert answer.code == 2
    assert len(answer.errors) == 1
    assert answer.err.startswith("mlsci: error: ")
    assert words in answer.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [[], ["export", "x.ckpt", "--to", "tf"], ["predict", "a", "b"], ["list", "--x"]])
def test_a_wrong_use_of_a_verb_shows_its_usage(arguments, run_here, tmp_path):
    answer = run_here(arguments, tmp_path)
    assert answer.code == 2
    assert answer.err.startswith("usage: mlsci")


def test_cfg_prints_the_whole_config_and_runs_nothing(run_here, tmp_path):
    import yaml

    answer = run_here(["train", "experiment=images/digits", "optimizer.lr=7e-3", "--cfg", "job"], tmp_path)
    assert answer.code == 0
    values = yaml.safe_load(answer.out)
    assert values["optimizer"]["lr"] == 0.007
    assert values["data"]["_target_"] == "mlsci.data.digits.Digits"
    assert list(tmp_path.iterdir()) == []


def test_cfg_of_one_package_beside_configs_of_ones_own(run_here, tmp_path):
    (tmp_path / "configs").mkdir()
    answer = run_here(["train", "optimizer=sgd", "--cfg", "job", "--package", "optimizer"], tmp_path)
    assert answer.out.startswith("# @package optimizer\n_target_: torch.optim.SGD")


def test_configs_of_a_users_own_come_by_flag_and_from_the_working_directory(run_here, tmp_path):
    for place in (tmp_path / "mine" / "net", tmp_path / "configs" / "net"):
        place.mkdir(parents=True)
    text = "# {}.\n_target_: mlsci.nets.linear.Linear\nin_features: ${{spec:in_features}}\nout_features: 3\n"
    (tmp_path / "mine" / "net" / "flagged.yaml").write_text(text.format("By the flag"))
    (tmp_path / "configs" / "net" / "local.yaml").write_text(text.format("From here"))
    listed = run_here(["list", "net", "--config-dir", "mine"], tmp_path)
    assert "By the flag." in listed.out
    assert "From here." in listed.out
    assert run_here(["check", "--config-dir", "mine", "net=flagged"], tmp_path).code == 0
    assert run_here(["check", "net=local"], tmp_path).code == 0
    refused = run_here(["check", "net=flagged"], tmp_path)
    assert refused.code == 2
    assert "net=flagged: no such choice" in refused.err
    assert "local" in refused.err


def test_a_copied_config_can_be_changed_and_is_not_overwritten(run_here, tmp_path):
    assert run_here(["copy", "net/mlp"], tmp_path).out == "configs/net/my_mlp.yaml\n"
    copy = tmp_path / "configs" / "net" / "my_mlp.yaml"
    assert copy.read_text() == (ROOT / "configs" / "net" / "mlp.yaml").read_text()
    copy.write_text(copy.read_text().replace("hidden: 64", "hidden: 99"))
    answer = run_here(["train", "net=my_mlp", "--cfg", "job", "-p", "net"], tmp_path)
    assert "hidden: 99" in answer.out
    again = run_here(["copy", "net/mlp", "configs"], tmp_path)
    assert again.code == 2
    assert "exists already" in again.err


def test_check_of_a_sweep_names_the_mistakes_of_every_job(run_here, tmp_path):
    answer = run_here(["check", "-m", "seed=0,x", "net=cnn,mlpp"], tmp_path)
    assert answer.code == 2
    assert "net=mlpp: no such choice; did you mean 'mlp'?" in answer.err
    assert "seed: expected int, got 'x'" in answer.err


def test_check_build_sends_samples_through_the_model(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert launch.check(["--build", "data=diabetes"]) == 0
    assert capsys.readouterr().out.startswith("good: diabetes/supervised")
    with pytest.raises(ConfigError, match=r"net=cnn meets data=diabetes with inputs of shape \(10,\)"):
        launch.check(["--build", "data=diabetes", "net=cnn"])
    assert list(tmp_path.iterdir()) == []


def test_a_closed_pipe_is_no_error(run_command, tmp_path):
    line = f"{sys.executable} -m mlsci train --help | head -1"
    answer = run_command(["bash", "-o", "pipefail", "-c", line], tmp_path)
    assert answer.out.startswith("usage:")
    assert answer.err == ""


@pytest.mark.parametrize("name", ["train", "evaluate", "predict", "sample", "export", "simulate", "relax"])
def test_the_scripts_are_the_verbs(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "--help"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "scripts" / f"{name}.py"), run_name="__main__")
    assert not ended.value.code
    assert f"usage: mlsci {name}" in capsys.readouterr().out
