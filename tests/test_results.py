"""The run reader and the results table, on run folders made by hand."""

import json
import random
from pathlib import Path

import pytest

from mlsci import results
from mlsci.results import BEGIN, END, ResultsError, collect, last_values, rounded, show, table, write
from mlsci.run_reader import read_run
from mlsci.verdict import reaches

COMMAND = "mlsci train experiment=images/digits"


def make_run(
    root: Path,
    name: str,
    *,
    experiment: str = "images/digits",
    ours: float | None = 0.99,
    published: float | None = 0.98,
    seed: int = 0,
    overrides: tuple[str, ...] = (),
    state: str = "finished",
    created: str = "2026-11-01T10:00:00",
    who: str = "published",
    reached: bool = True,
    better: str = "higher",
    cpu_seconds: float = 10.0,
) -> Path:
    folder = root / experiment / name
    folder.mkdir(parents=True)
    entry = {"metric": "test/accuracy", "ours": ours, "published": published, "unit": "", "better": better}
    files = {
        "provenance.json": {
            "experiment": experiment,
            "command": " ".join([f"mlsci train experiment={experiment}", *overrides]),
            "git": {"hash": "0123456789abcdef", "dirty": False},
            "hardware": "2 CPUs",
            "seed": seed,
            "created": created,
        },
        "status.json": {"state": state, "epoch": 3, "step": 30},
        "metrics.json": {
            "metrics": {"test/accuracy": ours},
            "comparison": [entry | {"who": who, "source": "LeCun 1998", "reached": reached}],
            "parameters": 12345,
            "cpu_seconds": cpu_seconds,
        },
        "overrides.yaml": list(overrides),
    }
    for file, content in files.items():
        (folder / file).write_text(json.dumps(content))
    return folder


def seeds(root: Path, values: list[float], **options: object) -> None:
    for seed, value in enumerate(values):
        overrides = (f"seed={seed}", f"run.name=s{seed}")
        make_run(root, f"s{seed}", ours=value, seed=seed, overrides=overrides, **options)  # type: ignore[arg-type]


def test_seeds_of_one_setting_are_one_mean_with_the_sample_deviation(tmp_path: Path) -> None:
    seeds(tmp_path, [0.97, 0.98, 0.99])
    (row,) = table(collect(tmp_path))
    assert row.ours.mean == pytest.approx(0.98)
    assert row.ours.deviation == pytest.approx(0.01)
    assert row.ours.count == 3
    assert (row.git, row.hardware, row.parameters) == ("01234567", "2 CPUs", 12345)


@pytest.mark.parametrize(
    ("ours", "published", "better", "reached"),
    [
        (1.0, 1.0, "lower", True),
        (1.01, 1.0, "lower", False),
        (0.99, 1.0, "higher", False),
        (1.009, 1.0, "equal", True),
        (0.989, 1.0, "equal", False),
        (-1.009, -1.0, "equal", True),
        (0.001, 0.0, "equal", False),
    ],
)
def test_a_value_reaches_another_from_below_from_above_or_by_being_near_it(
    ours: float, published: float, better: str, reached: bool
) -> None:
    assert reaches(ours, published, better=better, within=0.01) is reached


@pytest.mark.parametrize(
    ("override", "groups"),
    [
        ("seed=7", 1),
        ("++data.fold=1", 1),
        ("data.split_seed=3", 1),
        ("run.name=x", 1),
        ("paths.root=/tmp", 1),
        ("logger=[csv,wandb]", 1),
        ("+logger.csv.x=1", 1),
        ("hydra/launcher=ray", 1),
        ("optimizer.lr=1", 2),
        ("data.folds=9", 2),
        ("model.seed=9", 2),
        ("seeded=1", 2),
    ],
)
def test_only_what_changes_the_numbers_makes_a_new_row(tmp_path: Path, override: str, groups: int) -> None:
    make_run(tmp_path, "a")
    make_run(tmp_path, "b", seed=1, overrides=(override,))
    assert len(table(collect(tmp_path))) == groups


def test_the_same_seed_run_again_replaces_the_older_run(tmp_path: Path) -> None:
    make_run(tmp_path, "new", ours=0.5, created="2026-11-02")
    make_run(tmp_path, "old", ours=0.9, created="2026-11-01")
    (row,) = table(collect(tmp_path))
    assert (row.ours.mean, row.ours.count) == (0.5, 1)


def test_unfinished_runs_do_not_count(tmp_path: Path) -> None:
    for state in ("created", "running", "failed", "interrupted"):
        make_run(tmp_path, state, state=state)
    assert len(collect(tmp_path)) == 4
    assert table(collect(tmp_path)) == []


def test_baselines_are_averaged_over_the_same_seeds(tmp_path: Path) -> None:
    make_run(tmp_path, "a", seed=0, published=0.90, who="knn")
    make_run(tmp_path, "b", seed=1, published=0.94, who="knn")
    (row,) = table(collect(tmp_path))
    assert row.who == "knn"
    assert row.reference is not None
    assert row.reference.mean == pytest.approx(0.92)


@pytest.mark.parametrize(("better", "reached"), [("higher", True), ("lower", False)])
def test_mixed_verdicts_are_settled_by_the_means(tmp_path: Path, better: str, reached: bool) -> None:
    make_run(tmp_path, "a", seed=0, ours=0.99, reached=better == "higher", better=better)
    make_run(tmp_path, "b", seed=1, ours=0.975, reached=better == "lower", better=better)
    (row,) = table(collect(tmp_path))
    assert row.reached is reached


def test_a_diverged_seed_is_not_left_out_of_the_mean(tmp_path: Path) -> None:
    make_run(tmp_path, "a", seed=0)
    make_run(tmp_path, "b", seed=1, ours=None, reached=False)
    (row,) = table(collect(tmp_path))
    assert results.cells(row)[2] == "nan (n=2)"
    assert not row.reached


def test_cpu_seconds_are_the_median(tmp_path: Path) -> None:
    for seed, seconds in enumerate((1.0, 100.0, 3.0)):
        make_run(tmp_path, str(seed), seed=seed, cpu_seconds=seconds)
    assert table(collect(tmp_path))[0].cpu_seconds == 3.0


def test_the_command_names_every_seed_of_the_mean(tmp_path: Path) -> None:
    seeds(tmp_path, [0.97, 0.98])
    assert table(collect(tmp_path))[0].command == ("mlsci train -m experiment=images/digits seed=0,1")


def test_the_command_has_the_seeds_in_their_order_whenever_they_ran(tmp_path: Path) -> None:
    for place, seed in enumerate([10, 0, 2]):
        make_run(tmp_path, f"s{place}", seed=seed, overrides=(f"seed={seed}",))
    assert table(collect(tmp_path))[0].command.endswith(" seed=0,2,10")


def test_the_command_stays_where_seeds_and_folds_are_no_grid(tmp_path: Path) -> None:
    make_run(tmp_path, "a", seed=0, overrides=("seed=0", "data.fold=0"))
    make_run(tmp_path, "b", seed=1, overrides=("seed=1", "data.fold=1"), created="2026-11-02")
    assert table(collect(tmp_path))[0].command == COMMAND + " seed=1 data.fold=1"


@pytest.mark.parametrize("file", ["provenance.json", "status.json", "metrics.json", "overrides.yaml"])
@pytest.mark.parametrize("content", [None, "", '{"exp', "[[[", "null", "3", '{"git": 3, "metrics": [1]}', "\x00"])
def test_a_half_written_run_is_read_as_far_as_it_goes(tmp_path: Path, file: str, content: str | None) -> None:
    folder = make_run(tmp_path, "a")
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_text(content)
    run = read_run(folder, root=tmp_path)
    assert run.experiment == "images/digits"  # from the path, where the provenance is gone
    table([run])


def test_a_run_cut_off_at_any_byte_is_read(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "a", overrides=("seed=1",))
    random.seed(0)
    for file in ("provenance.json", "status.json", "metrics.json", "overrides.yaml"):
        whole = (folder / file).read_bytes()
        for length in random.sample(range(len(whole)), 10):
            (folder / file).write_bytes(whole[:length])
            assert read_run(folder, root=tmp_path).folder == folder
        (folder / file).write_bytes(whole)


@pytest.mark.parametrize(
    ("mean", "deviation", "text"),
    [
        (0.98765, 0.00123, "0.9877 ± 0.0012"),
        (4567.8, 123.4, "4570 ± 120"),
        (5.12345, 0.0, "5.123"),
        (12.345, 1.0, "12.3 ± 1.0"),
        (1.234e-6, 5.6e-8, "(1.234 ± 0.056)e-06"),
        (-0.5, 0.096, "-0.500 ± 0.096"),
        (0.0, 0.25, "0.00 ± 0.25"),
        (float("nan"), 0.0, "nan"),
    ],
)
def test_rounding_follows_the_deviation(mean: float, deviation: float, text: str) -> None:
    assert rounded(mean, deviation) == text


def test_a_missing_file_is_created_with_the_table(tmp_path: Path) -> None:
    seeds(tmp_path / "runs", [0.97, 0.98, 0.99])
    text = write(collect(tmp_path / "runs"), tmp_path / "RESULTS.md").read_text()
    assert BEGIN in text
    assert text.endswith(END + "\n")
    assert "| images/digits | test/accuracy | 0.980 ± 0.010 (n=3) | 0.98 (published) | yes | LeCun 1998 |" in text


def test_all_outside_the_markers_stays_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    before, after = b"# Title\r\n| no | table |\n\n", "\n\nsoft\x0b end ± without newline".encode()
    path.write_bytes(before + f"{BEGIN}\nold\n{END}".encode() + after)
    make_run(tmp_path / "runs", "a")
    write(collect(tmp_path / "runs"), path)
    first = path.read_bytes()
    write(collect(tmp_path / "runs"), path)
    assert path.read_bytes() == first
    assert first.startswith(before)
    assert first.endswith(after)
    assert b"old" not in first
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["RESULTS.md", "runs"]


def test_rows_of_experiments_without_runs_here_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    make_run(tmp_path / "there", "a", experiment="atoms/acac", ours=5.0)
    make_run(tmp_path / "there", "b", ours=0.1)
    write(collect(tmp_path / "there"), path)
    kept = next(line for line in path.read_text().splitlines() if "atoms/acac" in line)
    make_run(tmp_path / "here", "b", ours=0.2)
    text = write(collect(tmp_path / "here"), path).read_text()
    assert kept in text.splitlines()
    assert "| 0.2 |" in text
    assert "| 0.1 |" not in text


@pytest.mark.parametrize("text", [BEGIN, END, END + BEGIN, BEGIN + BEGIN + END, BEGIN + END + END])
def test_broken_markers_are_refused_and_the_file_is_left(tmp_path: Path, text: str) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text(text)
    with pytest.raises(ResultsError, match=r"results:begin.*results:end.*got \d of the first"):
        write([], path)
    assert path.read_text() == text


def test_foreign_text_can_open_no_column_and_close_no_table(tmp_path: Path) -> None:
    make_run(tmp_path / "runs", "a", who=f"a|b\n{END}")
    path = write(collect(tmp_path / "runs"), tmp_path / "RESULTS.md")
    text = path.read_text()
    assert text.count(END) == 1
    assert r"a\|b" in text
    assert write([], path).read_text() == text


def test_last_values_come_from_the_newest_run_or_else_the_table(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    make_run(tmp_path / "there", "a", experiment="atoms/acac", ours=5.0)
    make_run(tmp_path / "there", "b", ours=0.1)
    write(collect(tmp_path / "there"), path)
    make_run(tmp_path / "here", "old", ours=0.3, created="2026-11-01")
    make_run(tmp_path / "here", "new", ours=0.4, created="2026-11-02")
    make_run(tmp_path / "here", "broken", ours=0.5, created="2026-11-03", state="failed")
    expected = {"atoms/acac": "test/accuracy 5", "images/digits": "test/accuracy 0.4"}
    assert last_values(tmp_path / "here", path) == expected
    assert last_values(tmp_path / "nowhere", tmp_path / "nothing.md") == {}


def test_show_prints_brackets_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(tmp_path, "a", who="[red]")
    show(table(collect(tmp_path)))
    assert "[red]" in capsys.readouterr().out
