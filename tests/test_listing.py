"""`mlsci list`, `show`, `copy` and the help: what a user can choose, and from where."""

import pytest

from mlsci import groups, listing
from mlsci.errors import ConfigError

GROUPS = groups.files([groups.own()])


def shown(capsys) -> str:
    """What was printed, without line breaks."""
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("group", GROUPS)
def test_every_choice_is_listed_with_what_it_is(group, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    listing.show_list(group)
    text = shown(capsys)
    for name, path in GROUPS[group].items():
        assert name in text
        assert groups.headline(path), f"{path} does not begin with a comment that says what it is"
        assert " ".join(groups.headline(path).split()[:2]) in text  # a narrow cell breaks lines


def test_experiments_are_listed_with_data_and_reference(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.chdir(tmp_path)
    listing.show_list("experiment")
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("images/digits")]
    assert " digits " in line
    assert "test/accuracy ≥ 0.99" in line


def test_an_experiment_without_data_or_reference_is_listed_too(capsys, tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "bare.yaml").write_text("# @package _global_\n# Bare.\nseed: 1\n")
    (tmp_path / "experiment" / "empty.yaml").write_text("")
    listing.show_list("experiment", config_dirs=[str(tmp_path)])
    text = shown(capsys)
    assert "bare Bare." in text
    assert "empty" in text


def test_several_references_are_listed_by_the_first(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "two.yaml").write_text(
        "# @package _global_\n# Two.\nreference:\n"
        "  - {metric: test/mae, value: 0.5, unit: eV, better: lower}\n  - {metric: test/r2, value: 1}\n"
    )
    listing.show_list("experiment", config_dirs=[str(tmp_path)])
    assert "test/mae ≤ 0.5 eV" in shown(capsys)


def test_a_reference_without_a_number_is_listed(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "experiment").mkdir()
    text = "# @package _global_\n# None.\nreference: {metric: test/oddity, value: null}\n"
    (tmp_path / "experiment" / "none.yaml").write_text(text)
    listing.show_list("experiment", config_dirs=[str(tmp_path)])
    found = shown(capsys)
    assert "test/oddity" in found
    assert "test/oddity ≤" not in found


@pytest.mark.parametrize("choice", ["net/cnn", "net=cnn", "experiment/images/digits", "experiment=images/digits"])
def test_a_file_is_shown_with_its_path(choice, capsys):
    listing.show_choice(choice)
    path = listing.find_choice(choice)
    assert capsys.readouterr().out == f"# {path}\n{path.read_text()}"


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("net/cnnn", "net/cnnn: no such choice; did you mean 'cnn'? known: cnn, "),
        ("nets/cnn", "no group 'nets'; did you mean 'net'?"),
        ("net", "net: choose one of: cnn, "),
        ("", "known: callbacks"),
        ("experiment/digits", "known: "),
    ],
)
def test_what_is_not_there_is_named(choice, words):
    with pytest.raises(ConfigError) as caught:
        listing.find_choice(choice)
    assert words in str(caught.value)


def test_ours_come_before_those_of_the_same_name(tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "cnn.yaml").write_text("# Another.\n")
    assert listing.find_choice("net/cnn", [str(tmp_path)]) == groups.own() / "net" / "cnn.yaml"


@pytest.mark.parametrize("choice", ["net/cnn", "net=cnn", "experiment/images/digits"])
def test_a_copy_lands_in_its_group(choice, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = listing.copy_choice(choice, "configs")
    assert made.read_text() == listing.find_choice(choice).read_text()
    group, _, name = choice.replace("=", "/").rpartition("/")
    assert made.as_posix() == f"configs/{group}/my_{name}.yaml"
    with pytest.raises(ConfigError, match="exists already"):
        listing.copy_choice(choice, "configs")


def test_the_help_of_train_names_every_group_and_choice():
    text = listing.train_help([])
    for group, options in GROUPS.items():
        (line,) = [line for line in text.splitlines() if line.split()[:1] == [group]]
        assert line.split()[1:] == list(options)
