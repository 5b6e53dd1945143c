"""What the side-by-side scripts compute themselves: scores, tables, files; by hand or beside published numbers."""

import statistics
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

HERE = Path(__file__).resolve().parents[2] / "scripts" / "benchmarks"


@pytest.fixture(autouse=True)
def scripts(monkeypatch):
    """The scripts import one another by name."""
    monkeypatch.syspath_prepend(str(HERE))
    yield
    for name in [name for name, module in sys.modules.items() if str(HERE) in str(getattr(module, "__file__", ""))]:
        del sys.modules[name]


def cells(table, start):
    """The cells of the first row of a Markdown table that begins so."""
    line = next(line for line in table.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_scores_of_tables_by_hand():
    from tabular_cases import score

    answers = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
    assert score(answers, np.array([0, 1, 1, 1]), classes=2) == 75.0
    assert score(np.array([[1.0], [5.0]]), np.array([2.0, 2.0]), classes=0) == pytest.approx(5**0.5)


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_both_sides_see_standardised_training_rows_and_other_rows_in_the_test(name):
    from tabular_cases import CASES, parts

    rows, again, other = (parts(CASES[name], seed=seed) for seed in (0, 0, 1))
    x = rows.train[0]
    if name == "diabetes":  # pictures are not standardised
        np.testing.assert_allclose(x.mean(axis=0), 0.0, atol=1e-6)
        np.testing.assert_allclose(x.std(axis=0), 1.0, rtol=1e-6)
    assert (rows.classes, x.shape[1]) == {"digits": (10, 64), "diabetes": (0, 10)}[name]
    np.testing.assert_array_equal(rows.test[0], again.test[0])
    assert not np.array_equal(rows.test[0], other.test[0])
    seen = {row.tobytes() for row in x}
    assert sum(row.tobytes() in seen for row in rows.test[0]) <= 1


@pytest.mark.parametrize(
    ("name", "case"),
    [("ridge, α = 1", "diabetes"), ("lasso, α = σ/20", "diabetes"), ("logistic, C = 1", "breast_cancer")],
)
def test_linear_models_have_the_weights_of_scikit_learn(name, case, monkeypatch):
    import tabular_convex
    from tabular_cases import CASES, parts

    monkeypatch.setattr(tabular_convex, "LEAST", 0.0)
    apart, ours, theirs = tabular_convex.compare(tabular_convex.PAIRS[name], parts(CASES[case], seed=0))
    assert apart < 1e-5
    assert ours > 0
    assert theirs > 0


def test_both_perceptrons_have_as_many_parameters_and_learn(tmp_path, monkeypatch):
    import tabular_nets
    from tabular_cases import CASES, parts

    monkeypatch.chdir(tmp_path)
    case, shape = CASES["diabetes"], {"hidden": 16, "layers": 2, "batch": 64, "epochs": 30, "seed": 0}
    rows = parts(case, seed=0)
    found = tabular_nets.ours(case, rows, **shape), tabular_nets.theirs(rows, **shape)
    constant = float(np.std(rows.test[1]))
    for score, seconds, parameters in found:
        assert score < 0.9 * constant
        assert seconds > 0
        assert parameters == 10 * 16 + 16 + 16 * 16 + 16 + 16 + 1


def test_the_table_of_perceptrons(monkeypatch):
    from tabular import net_table

    runs = {"mlsci": [(98.0, 1.0, 7), (97.0, 3.0, 7)], "scikit-learn": [(96.0, 2.0, 7), (95.0, 2.0, 7)]}
    text = net_table({"digits": runs})
    assert cells(text, "digits | mlsci") == ["digits", "mlsci", "7", "97.5 accuracy %", "2.00", "1.00"]


def test_the_error_of_fields_is_that_of_the_metric():
    from operators import error

    from mlsci.metrics.relative import MeanRelativeL2

    draw = torch.Generator().manual_seed(0)
    ours, truth = (torch.randn(5, 16, 16, generator=draw) for _ in range(2))
    metric = MeanRelativeL2()
    metric.update(ours[:, None], truth[:, None])
    assert error(ours.numpy(), truth.numpy()) == pytest.approx(float(metric.compute()), rel=1e-6)


def test_the_table_of_operators_has_the_ratio_of_each_turn():
    from operators import table

    ours = [{"cpu_s": s, "parameters": 5.0, "error": e} for s, e in ((10.0, 0.1), (30.0, 0.3), (20.0, 0.2))]
    theirs = [{"cpu_s": s, "parameters": 5.0, "error": 0.4} for s in (20.0, 30.0, 10.0)]
    text = table({"mlsci": ours, "neuraloperator": theirs})
    assert cells(text, "mlsci") == ["mlsci", "5", "0.2000", "0.3000", "20.0", "1.00"]
    assert cells(table({"mlsci": ours}), "mlsci")[-1] == "–"


def test_a_sweep_goes_on_from_its_file(tmp_path):
    from dysts import append, read

    path = tmp_path / "folder" / "dysts.csv"
    assert read(path) == {}
    append(path, "Lorenz", 12.25, 1.0)
    append(path, "Rossler", 0.5, 2.0)
    assert read(path) == {"Lorenz": 12.25, "Rossler": 0.5}


def test_a_signal_ends_a_sweep_and_an_error_only_its_system(tmp_path, monkeypatch):
    import dysts

    from mlsci.errors import Interrupted, MlsciError

    answers = {"Aizawa": MlsciError("bad"), "Lorenz": 3.0, "Rossler": Interrupted(15), "Torus": 4.0}

    def one(name, overrides):
        if isinstance(answers[name], Exception):
            raise answers[name]
        return answers[name]

    monkeypatch.setattr(dysts, "one", one)
    path = tmp_path / "dysts.csv"
    monkeypatch.setattr(sys, "argv", ["dysts.py", "--out", str(path), "--systems", ",".join(answers)])
    assert dysts.main() == 128 + 15
    assert dysts.read(path) == {"Lorenz": 3.0}


def test_the_published_medians_of_chaotic_systems(shared_data):
    from dysts import markdown, published

    others = published(15)
    medians = {name: statistics.median(found.values()) for name, found in others.items()}
    assert {len(found) for found in others.values()} == {131}
    assert medians["NBEATSModel"] == pytest.approx(50.62, abs=5e-3)
    assert medians["RNNModel"] == pytest.approx(67.80, abs=5e-3)
    assert medians["TransformerModel"] == pytest.approx(94.00, abs=5e-3)
    perfect = markdown(dict.fromkeys(others["RNNModel"], 0.0), others, ours="exact")
    assert cells(perfect, "**exact**")[1] == "0.00"
    assert cells(perfect, "LSTM")[1:] == ["67.80", cells(perfect, "LSTM")[2], "131 of 131"]


def test_families_without_a_run_keep_their_rows():
    from generative_families import rows_of, table

    page = "Gaussian fields:\n\n| model | x |\n| --- | --- |\n| VAE | 1 |\n| flow | 2 |\n\n"
    page += "Log-normal fields:\n\n| GAN | 3 |\n"
    assert rows_of(page, "lognormal_field") == {"GAN": "| GAN | 3 |"}
    assert rows_of("", "gaussian_field") == {}
    metrics = {"test/power_max": 0.0123, "test/nll": 1051.94}
    run = SimpleNamespace(parameters=1025, fit_cpu_seconds=25.4, metrics=metrics, hardware="a machine")
    found = table("gaussian_field", {"generative/gaussian_field_flow": run}, kept=rows_of(page, "gaussian_field"))
    assert found.splitlines()[2] == "| VAE | 1 |"
    assert cells(found, "flow")[1:] == ["1,025", "25", "1.2%", "–", "–", "–", "–", "1051.9", "a machine"]
    assert len(found.splitlines()) == 4
