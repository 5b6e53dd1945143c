"""Shell completion: the words for each place of a line, and scripts that a shell accepts."""

import shutil

import pytest

from mlsci import groups
from mlsci.cli import PLAIN_HELP, VERBS
from mlsci.completion import script, words

NETS = sorted(path.stem for path in (groups.own() / "net").glob("*.yaml"))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A working directory with a file, a folder and a hidden file."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "best.ckpt").touch()
    (tmp_path / "data.csv").touch()
    (tmp_path / ".hidden").touch()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("mlsci tr", ["train"]),
        ("mlsci re", ["resume", "relax", "results"]),
        ("mlsci x", []),
        ("mlsci train net=", [f"net={name}" for name in NETS]),
        ("mlsci train net=ml", ["net=mlp"]),
        ("mlsci train -m seed=0 net=cn", ["net=cnn", "net=cnn_decoder"]),
        ("mlsci train experiment=images/dig", ["experiment=images/digits"]),
        ("mlsci train nosuch=", []),
        ("mlsci train optimizer.w", ["optimizer.weight_decay="]),
        ("mlsci train see", ["seed="]),
        ("mlsci show net/l", ["net/linear"]),
        ("mlsci list ne", ["net"]),
        ("mlsci evaluate ", ["data.csv", "runs/"]),
        ("mlsci evaluate runs/", ["runs/best.ckpt"]),
        ("mlsci evaluate ./d", ["./data.csv"]),
        ("mlsci evaluate nowhere/", []),
    ],
)
def test_the_words_for_a_line(line, expected):
    assert words([line]) == expected


def test_verbs_come_first_and_all_of_them():
    assert set(words([""])) == set(words(["mlsci "])) == {*PLAIN_HELP, *VERBS}


def test_no_special_key_is_offered():
    found = words(["mlsci train optimizer."])
    assert "optimizer.lr=" in found
    assert not [word for word in found if "._" in word]


def test_groups_are_offered_as_choice_and_as_section():
    assert {"net=", "net."} <= set(words(["mlsci train ne"]))


def test_choices_of_ones_own_are_offered(tmp_path):
    (tmp_path / "configs" / "net").mkdir(parents=True)
    (tmp_path / "configs" / "net" / "mine.yaml").write_text("_target_: torch.nn.Identity\n")
    assert words(["mlsci train net=mi"]) == ["net=mine"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_accepts(shell, tmp_path, run_command):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(script(shell))
    assert run_command([shell, "-n", "script"], tmp_path).code == 0


def test_bash_completes_behind_an_equals_sign(tmp_path, run_command):
    (tmp_path / "mlsci").write_text('#!/bin/sh\n[ "$1" = __complete ] && printf "net=cnn\\nnet=mlp\\n"\n')
    (tmp_path / "mlsci").chmod(0o755)
    line = "mlsci train net="
    code = f"PATH={tmp_path}:$PATH\n{script('bash')}\n"
    code += (
        f"COMP_LINE='{line}' COMP_POINT={len(line)}\ncompopt() {{ :; }}\n_mlsci\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    answer = run_command(["bash", "-c", code], tmp_path)
    assert answer.out.split() == ["cnn", "mlp"], answer.err
