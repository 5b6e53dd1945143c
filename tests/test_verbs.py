"""What can be done with a checkpoint alone: evaluate, predict, sample, export."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

import mlsci
from mlsci import verbs
from mlsci.errors import ConfigError, MlsciError


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """Twenty digits (20, 1, 8, 8)."""
    return (load_digits().images[:20, None] / 16).astype(np.float32)


@pytest.fixture(scope="module")
def expected(digits_run, pictures) -> np.ndarray:
    """The probabilities of the trained model for them."""
    with torch.no_grad():
        return digits_run.result.model.eval().predict(torch.as_tensor(pictures)).numpy()


@pytest.fixture
def alone(digits_run, tmp_path) -> Path:
    """A copy of the checkpoint in a folder with nothing else."""
    return Path(shutil.copy(digits_run.best, tmp_path / "m.ckpt"))


def test_evaluate_repeats_the_recorded_values_exactly(digits_run):
    recorded = {name: value for name, value in digits_run.result.metrics.items() if name.startswith("test/")}
    assert verbs.evaluate(digits_run.best) == recorded
    assert set(recorded) == {"test/loss", "test/accuracy"}


def test_evaluate_prints_the_values_and_nothing_else(alone, digits_run, run_cli):
    answer = run_cli(["evaluate", "m.ckpt"], alone.parent)
    assert answer.code == 0
    assert answer.err == ""
    printed = dict(line.split() for line in answer.out.splitlines())
    recorded = digits_run.result.metrics
    assert printed == {name: f"{recorded[name]:.6g}" for name in ("test/loss", "test/accuracy")}
    assert sorted(p.name for p in alone.parent.iterdir()) == ["m.ckpt"]


def test_evaluate_on_another_part_of_the_data(digits_run):
    changed = verbs.evaluate(digits_run.best, overrides=["data.split_seed=1"])
    assert changed.keys() == verbs.evaluate(digits_run.best).keys()
    assert changed != verbs.evaluate(digits_run.best)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("data.bacth_size=3", "did you mean 'batch_size'?"),
        ("data.batch_size=x", "data.batch_size: expected int, got 'x'"),
        ("model.net.hidden=3", "only keys of data can change here"),
        ("seed=3", "only keys of data can change here"),
        ("data.folds=3 data.fold=3", "cannot be read"),
        ("data._target_=os.system", "'os.system' is not in an allowed package"),
        (
            "data._target_=mlsci.data.diabetes.Diabetes",
            r"inputs of shape \(10,\), the checkpoint's model takes \(1, 8, 8\)",
        ),
        ("~data.batch_size", "only keys of data can change here"),
    ],
)
def test_evaluate_refuses_what_it_cannot_change(override, words, digits_run):
    with pytest.raises(ConfigError, match=words):
        verbs.evaluate(digits_run.best, overrides=[override])


def test_load_gives_the_model_of_the_run(digits_run, pictures, expected):
    model = mlsci.load(digits_run.best)
    assert not model.training
    with torch.no_grad():
        assert np.array_equal(model.predict(torch.as_tensor(pictures)).numpy(), expected)


@pytest.mark.parametrize("given", ["npz", "csv"])
@pytest.mark.parametrize("wanted", ["npz", "csv"])
def test_predict_from_and_to_each_format(given, wanted, alone, pictures, expected, tmp_path):
    source, out = tmp_path / f"in.{given}", tmp_path / "deep" / f"out.{wanted}"
    if given == "npz":
        np.savez(source, inputs=pictures)
    else:
        header = ",".join(f"pixel{i}" for i in range(64))
        np.savetxt(source, pictures.reshape(20, 64), delimiter=",", header=header, comments="", fmt="%.9g")
    assert verbs.predict(alone, source, out=out) == out
    if wanted == "npz":
        with np.load(out) as found:
            predictions, labels = found["predictions"], found["labels"]
    else:
        rows = [line.split(",") for line in out.read_text().splitlines()]
        assert rows[0] == ["class", *(f"p({i})" for i in range(10))]
        predictions, labels = np.array([[float(x) for x in row[1:]] for row in rows[1:]]), [row[0] for row in rows[1:]]
    np.testing.assert_allclose(predictions, expected, rtol=1e-6, atol=1e-9)
    assert list(labels) == [str(i) for i in expected.argmax(1)]


def test_predict_of_one_array_with_any_name_and_of_integers(alone, pictures, tmp_path):
    np.savez(tmp_path / "in.npz", anything=np.zeros((3, 1, 8, 8), dtype=np.uint8))
    assert verbs.predict(alone, tmp_path / "in.npz", out=tmp_path / "out.npz").is_file()


def write_table(path: Path, header: str, *rows: str) -> Path:
    """A .csv file."""
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


PIXELS = ",".join(f"p{i}" for i in range(64))
ROW = ",".join(["1"] * 64)
BAD_INPUTS = {
    "shape": (lambda p: np.savez(p / "x.npz", inputs=np.zeros((3, 1, 7, 7))), r"\(3, 1, 7, 7\), expected \(N, 1"),
    "scalar": (lambda p: np.savez(p / "x.npz", inputs=3.0), r"inputs of shape \(\), expected"),
    "no rows": (lambda p: np.savez(p / "x.npz", inputs=np.zeros((0, 1, 8, 8))), "no rows"),
    "two arrays": (lambda p: np.savez(p / "x.npz", a=1, b=2), "expected an array 'inputs', got a, b"),
    "text": (lambda p: np.savez(p / "x.npz", inputs=np.array([["a"]])), "expected real numbers"),
    "complex": (lambda p: np.savez(p / "x.npz", inputs=np.zeros((2, 1, 8, 8), complex)), "expected real numbers"),
    "objects": (lambda p: np.savez(p / "x.npz", inputs=np.array([{}])), "no .npz file of numbers"),
    "nan": (lambda p: np.savez(p / "x.npz", inputs=np.full((2, 1, 8, 8), np.nan)), "row 0 .* holds NaN or infinity"),
    "garbage": (lambda p: (p / "x.npz").write_bytes(b"hello"), "no .npz file of numbers"),
    "empty": (lambda p: (p / "x.npz").write_bytes(b""), "no .npz file of numbers"),
    "ending": (lambda p: (p / "x.txt").write_text("1"), "expected a .npz or .csv file"),
    "missing": (lambda p: None, "x.npz: no such file"),
    "folder": (lambda p: (p / "x.csv").mkdir(), "no such file"),
    "bad number": (lambda p: write_table(p / "x.csv", PIXELS, ROW, ROW[:-1] + "x"), "row 1 .* to float: 'x'"),
    "short row": (lambda p: write_table(p / "x.csv", PIXELS, "1,2,3"), "row 0 .* has 3 values, too few"),
    "columns": (lambda p: write_table(p / "x.csv", "a,b", "1,2"), r"2 columns \(a, b\); expected 64"),
    "header only": (lambda p: write_table(p / "x.csv", PIXELS), "expected a header and at least one row"),
    "binary": (lambda p: (p / "x.csv").write_bytes(b"\xff\xfe\x00\n\xff,1\n"), "cannot be read as text"),
    "no header": (lambda p: write_table(p / "x.csv", ROW, ROW), "expected a header in the first line, got numbers"),
    "infinite": (lambda p: write_table(p / "x.csv", PIXELS, ROW[:-1] + "inf"), "row 0 .* holds NaN or infinity"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_INPUTS)
def test_predict_says_what_is_wrong_with_its_input(case, alone, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    make, words = BAD_INPUTS[case]
    make(folder)
    source = next(folder.iterdir(), folder / "x.npz")
    with pytest.raises(MlsciError, match=words):
        verbs.predict(alone, source, out=tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("out", "words"), [("out.txt", "expected a .npz or .csv file"), ("blocked/out.csv", "cannot be written")]
)
def test_predict_says_where_it_cannot_write(out, words, alone, pictures, tmp_path):
    (tmp_path / "blocked").write_text("a file, no folder")
    np.savez(tmp_path / "in.npz", inputs=pictures)
    with pytest.raises(MlsciError, match=words):
        verbs.predict(alone, tmp_path / "in.npz", out=tmp_path / out)


def test_predict_on_the_command_line(alone, pictures, run_here):
    folder = alone.parent
    np.savez(folder / "in.npz", inputs=pictures)
    good = run_here(["predict", "m.ckpt", "in.npz", "--out", "out.csv"], folder)
    assert (good.code, good.out, good.err) == (0, "out.csv\n", "")
    bad = run_here(["predict", "m.ckpt", "nowhere.npz", "--out", "out.csv"], folder)
    assert bad.code == 1
    assert bad.err == "mlsci: error: nowhere.npz: no such file\n"


@pytest.fixture(scope="module")
def diabetes_run(tmp_path_factory) -> Path:
    """best.ckpt of a ridge regression on a table with column names."""
    folder = tmp_path_factory.mktemp("runs") / "ridge"
    result = mlsci.train(["data=diabetes", "model=ridge", "logger=none", "figures={}", f"run.dir={folder}"])
    return result.folder / "checkpoints" / "best.ckpt"


def test_columns_of_a_table_are_found_by_name(diabetes_run, tmp_path):
    names = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
    values = np.random.default_rng(0).uniform(1, 100, (5, 10)).round(2)
    order = [3, 1, 0, 2, 9, 8, 7, 6, 5, 4]
    write_table(tmp_path / "a.csv", ",".join(names), *(",".join(map(str, row)) for row in values))
    shuffled = ",".join(["id", *(names[i] for i in order)])
    write_table(tmp_path / "b.csv", shuffled, *(",".join(["x", *map(str, row[order])]) for row in values))
    for name in "ab":
        verbs.predict(diabetes_run, tmp_path / f"{name}.csv", out=tmp_path / f"{name}.out.csv")
    text = (tmp_path / "a.out.csv").read_text()
    assert text.splitlines()[0] == "progression"
    assert len(text.splitlines()) == 6
    assert text == (tmp_path / "b.out.csv").read_text()


def test_a_missing_column_is_named(diabetes_run, tmp_path):
    write_table(tmp_path / "a.csv", "age,sex,bmi,bp,s1,s2,s3,s4,x", ",".join("1" * 9))
    with pytest.raises(MlsciError, match="missing: s5, s6"):
        verbs.predict(diabetes_run, tmp_path / "a.csv", out=tmp_path / "o.csv")


def test_columns_with_other_names_are_not_taken_in_order(diabetes_run, tmp_path):
    write_table(tmp_path / "a.csv", ",".join("abcdefghij"), ",".join("1" * 10))
    with pytest.raises(MlsciError, match=r"10 columns \(a, b, c, d, e, f, …\); missing: age, sex, bmi"):
        verbs.predict(diabetes_run, tmp_path / "a.csv", out=tmp_path / "o.csv")


def test_an_estimator_is_evaluated_and_exported_too(diabetes_run, tmp_path):
    assert set(verbs.evaluate(diabetes_run)) >= {"test/rmse", "test/mae", "test/r2"}
    assert verbs.export(diabetes_run, to="pt2", out=tmp_path / "ridge.pt2").is_file()


def test_an_exported_program_answers_the_same_elsewhere(alone, pictures, expected, tmp_path, run_command):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    made = verbs.export(alone, to="pt2")
    assert made == alone.with_suffix(".pt2")
    made.rename(elsewhere / "m.pt2")
    np.savez(elsewhere / "in.npz", inputs=pictures)
    code = (
        "import numpy, torch\n"
        "module = torch.export.load('m.pt2').module()\n"
        "x = torch.as_tensor(numpy.load('in.npz')['inputs'])\n"
        "with torch.no_grad(): numpy.savez('out.npz', all=module(x), one=module(x[:1]))\n"
    )
    answer = run_command([sys.executable, "-W", "ignore", "-c", code], elsewhere)
    assert answer.code == 0, answer.err
    with np.load(elsewhere / "out.npz") as found:
        np.testing.assert_allclose(found["all"], expected, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(found["one"], expected[:1], rtol=1e-4, atol=1e-6)


def test_an_exported_onnx_file_answers_the_same_elsewhere(alone, pictures, expected, tmp_path, monkeypatch):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra mlsci[export]")
    pytest.importorskip("onnxscript", reason="needs the extra mlsci[export]")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    verbs.export(alone, to="onnx", out=elsewhere / "m.onnx")
    monkeypatch.chdir(elsewhere)
    assert [p.name for p in elsewhere.iterdir()] == ["m.onnx"]
    session = onnxruntime.InferenceSession("m.onnx", providers=["CPUExecutionProvider"])
    for n in (1, 20):
        (found,) = session.run(["predictions"], {"inputs": pictures[:n]})
        np.testing.assert_allclose(found, expected[:n], rtol=1e-4, atol=1e-6)


def test_export_says_what_it_cannot_do(alone, tmp_path):
    with pytest.raises(ConfigError, match="expected pt2 or onnx"):
        verbs.export(alone, to="tflite")
    (tmp_path / "blocked").write_text("a file, no folder")
    with pytest.raises(MlsciError, match="cannot be written"):
        verbs.export(alone, to="pt2", out=tmp_path / "blocked" / "m.pt2")


def test_a_supervised_model_cannot_be_sampled(alone, tmp_path):
    with pytest.raises(MlsciError, match="a Supervised cannot sample; generative models can"):
        verbs.sample(alone, n=3, out=tmp_path / "s.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["m.ckpt"]


GENERATIVE = '''"""A Gaussian for every pixel."""

import torch
from torch import nn

from mlsci.models.base import Model


class Gaussian(Model):
    """log p(x) = -(x - mean)^2 / 2."""

    def __init__(self, *, shape: list[int], modes: int = 1):
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(modes, *shape))

    def loss(self, batch):
        x, y = batch
        return (x - self.mean[y % len(self.mean)]).square().mean() / 2, {}

    def sample(self, n, condition=0):
        mean = self.mean[int(condition)]
        return mean + 0.1 * torch.randn(n, *mean.shape)
'''


@pytest.fixture(scope="module")
def generative(tmp_path_factory) -> tuple[Path, Path]:
    """best.ckpt of a generative model of a user's own, and the folder of its package."""
    folder = tmp_path_factory.mktemp("generative")
    (folder / "gaussian_lab.py").write_text(GENERATIVE)
    (folder / "model").mkdir()
    (folder / "model" / "gaussian.yaml").write_text(
        "# Gaussian.\n_target_: gaussian_lab.Gaussian\nshape: ${spec:inputs}\nmodes: 10\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        fast = ["trainer.max_epochs=1", "optimizer.lr=0.1", "logger=none", "callbacks=checkpoint", "figures={}"]
        chosen = ["data=digits", "model=gaussian", "trust=[gaussian_lab]"]
        result = mlsci.train([*chosen, *fast, f"run.dir={folder / 'run'}"], config_dirs=[folder])
    return result.folder / "checkpoints" / "best.ckpt", folder


def test_a_generative_model_of_ones_own_is_sampled(generative, tmp_path, run_here, monkeypatch):
    path, folder = generative
    monkeypatch.delitem(sys.modules, "gaussian_lab")  # found anew in the working directory
    answer = run_here(
        ["sample", path, "-n", "5", "--condition", "3", "--trust", "gaussian_lab", "--out", tmp_path / "s"], folder
    )
    assert answer.code == 0, answer.err
    assert answer.out.splitlines() == [str(tmp_path / "s.npz"), str(tmp_path / "s.png")]
    with np.load(tmp_path / "s.npz") as found:
        assert found["samples"].shape == (5, 1, 8, 8)
    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")


def test_samples_depend_on_the_seed_and_need_trust(generative, tmp_path, monkeypatch):
    path, folder = generative
    with pytest.raises(MlsciError, match=r"trust=\[gaussian_lab\].*--trust"):
        verbs.sample(path, n=2, out=tmp_path / "s.npz")
    monkeypatch.syspath_prepend(folder)
    drawn = []
    for seed in (0, 0, 1):
        verbs.sample(path, n=2, out=tmp_path / "s.npz", seed=seed, trust=["gaussian_lab"])
        drawn.append(np.load(tmp_path / "s.npz")["samples"])
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    with pytest.raises(ConfigError, match="-n 0: expected at least 1"):
        verbs.sample(path, n=0, out=tmp_path / "s.npz", trust=["gaussian_lab"])


def test_a_checkpoint_of_ones_own_model_is_evaluated_with_trust(generative, monkeypatch):
    path, folder = generative
    monkeypatch.syspath_prepend(folder)
    assert set(verbs.evaluate(path, trust=["gaussian_lab"], overrides=["data.split_seed=2"])) == {"test/loss"}


def test_a_model_without_predictions_says_so(generative, tmp_path, monkeypatch):
    path, folder = generative
    monkeypatch.syspath_prepend(folder)
    with pytest.raises(MlsciError, match="a Gaussian has no predictions; it may have: mlsci sample"):
        verbs.predict(path, tmp_path / "in.npz", out=tmp_path / "out.npz", trust=["gaussian_lab"])
    with pytest.raises(MlsciError, match="a Gaussian has no predictions"):
        verbs.export(path, to="pt2", trust=["gaussian_lab"])
