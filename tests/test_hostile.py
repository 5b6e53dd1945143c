"""A checkpoint from a stranger can be opened: what would run code is refused, and nothing of it runs."""

import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

import mlsci
from mlsci import checkpoint, verbs
from mlsci.errors import CheckpointError, ConfigError

FIXTURES = Path(__file__).parent / "fixtures"


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, marker: Path):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


@pytest.fixture
def marker(tmp_path):
    """A file that is only there if hostile code ran."""
    path = tmp_path / "marker"
    yield path
    assert not path.exists()


def payload(digits_run) -> dict:
    """A good checkpoint, to be spoiled."""
    return torch.load(digits_run.best, weights_only=True)


def with_config(digits_run, path: Path, change) -> Path:
    """A copy of the checkpoint whose config was changed by `change(config)`."""
    found = payload(digits_run)
    config = json.loads(found["mlsci"]["config"])
    change(config)
    found["mlsci"]["config"] = json.dumps(config)
    torch.save(found, path)
    return path


def test_a_marker_would_show_it(tmp_path):
    path = tmp_path / "evil.pickle"
    path.write_bytes(pickle.dumps(Evil(tmp_path / "shown")))
    pickle.loads(path.read_bytes())
    assert (tmp_path / "shown").exists()


@pytest.mark.parametrize("kind", ["pickle", "torch", "torch, old format", "inside a good one"])
def test_a_pickle_that_runs_code_is_refused(kind, digits_run, marker, tmp_path):
    path = tmp_path / "evil.ckpt"
    if kind == "pickle":
        path.write_bytes(pickle.dumps({"mlsci": Evil(marker)}))
    elif kind == "inside a good one":
        torch.save({**payload(digits_run), "more": Evil(marker)}, path)
    else:
        torch.save({"mlsci": Evil(marker)}, path, _use_new_zipfile_serialization=kind == "torch")
    with pytest.raises(CheckpointError, match="refused: damaged, or it holds more than tensors"):
        mlsci.load(path)


def test_no_verb_runs_a_hostile_pickle(digits_run, marker, tmp_path, run_here):
    path = tmp_path / "evil.ckpt"
    torch.save({**payload(digits_run), "more": Evil(marker)}, path)
    answer = run_here(["evaluate", "evil.ckpt"], tmp_path)
    assert answer.code == 1
    assert len(answer.errors) == 1
    assert "evil.ckpt: refused" in answer.err


HOSTILE = [
    "os.system",
    "subprocess.Popen",
    "builtins.eval",
    "builtins.exec",
    "torch.load",
    "torch.hub.load",
    "torch.nn.modules.linear.torch.load",
    "torch.optim.adam.torch.load",
    "torch.nn.functional.torch.load",
    "torch.utils.data.datapipes.utils.decoder.pickle.loads",
    "torch.nn.modules.container.operator.attrgetter",
    "mlsci.run.main",
    "mlsci.sweeping.run_and_wait",
    "mlsci.data.download.os.system",
    "mlsci.data.photoz.np.load",
    "mlsci.data.download.fetch",  # writes what a stranger's server sends to wherever it is told
    "mlsci.data.photoz.fetch",
    "mlsci.data.base.Path",
    "mlsci.models.supervised.Supervised.load_from_checkpoint",
    "mlsci.data.digits.Digits.load_from_checkpoint",
    "lightning.pytorch.LightningModule.load_from_checkpoint",
    "lightning.pytorch.cli.LightningCLI",
    "lightning.pytorch.cli.instantiate_class",
    "sklearn.datasets.fetch_openml",
    "sklearn.utils._testing.os.system",
]


@pytest.mark.parametrize("target", HOSTILE)
@pytest.mark.parametrize("key", ["model", "net", "partial"])
def test_a_target_in_the_config_of_a_checkpoint_is_refused(target, key, digits_run, marker, tmp_path):
    def change(config):
        node = {"_target_": target, "_args_": [f"touch {marker}"]}
        if key == "model":
            config["model"] = node
        else:
            config["model"]["net"] = {**node, "_partial_": True} if key == "partial" else node

    path = with_config(digits_run, tmp_path / "evil.ckpt", change)
    with pytest.raises(CheckpointError, match=r"model\.(net\.)?_target_: "):
        mlsci.load(path)


@pytest.mark.parametrize("target", ["os.system", "subprocess.run", "mlsci.data.download.fetch"])
def test_a_target_in_the_data_of_a_checkpoint_is_refused(target, digits_run, marker, tmp_path):
    def change(config):
        config["data"] = {"_target_": target, "_args_": [f"touch {marker}"]}

    path = with_config(digits_run, tmp_path / "evil.ckpt", change)
    with pytest.raises(ConfigError, match=r"data\._target_: "):
        verbs.evaluate(path)


def test_data_that_is_no_data_is_a_message(digits_run, tmp_path):
    def change(config):
        config["data"] = {"_target_": "torch.nn.Identity"}

    path = with_config(digits_run, tmp_path / "odd.ckpt", change)
    with pytest.raises(ConfigError, match=r"data\._target_: Identity is no mlsci.data.base.Data"):
        verbs.evaluate(path)


def test_the_command_line_names_the_flag_that_would_allow_it(digits_run, marker, tmp_path, run_here):
    def change(config):
        config["model"]["net"] = {"_target_": "os.system", "command": f"touch {marker}"}

    with_config(digits_run, tmp_path / "evil.ckpt", change)
    answer = run_here(["predict", "evil.ckpt", "x.npz", "--out", "y.npz"], tmp_path)
    assert answer.code == 1
    assert len(answer.errors) == 1
    assert "model.net._target_: 'os.system' is not in an allowed package" in answer.err
    assert "trust=[os]" in answer.err
    assert "--trust" in answer.err


STRANGER = """
from pathlib import Path
Path({marker!r}).touch()
from torch import nn
class Net(nn.Linear):
    pass
"""


@pytest.fixture
def stranger(tmp_path, monkeypatch) -> Path:
    """An importable package that leaves a marker when it is imported."""
    (tmp_path / "stranger_package.py").write_text(STRANGER.format(marker=str(tmp_path / "imported")))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "stranger_package", raising=False)
    return tmp_path / "imported"


def test_a_users_package_runs_only_with_trust_from_outside(digits_run, stranger, tmp_path):
    def change(config):
        config["trust"] = ["stranger_package"]  # a file cannot vouch for itself
        config["model"]["trust"] = ["stranger_package"]
        config["model"]["net"] = {"_target_": "stranger_package.Net", "in_features": 64, "out_features": 10}

    path = with_config(digits_run, tmp_path / "foreign.ckpt", change)
    with pytest.raises(CheckpointError, match=r"add trust=\[stranger_package\]"):
        mlsci.load(path)
    assert not stranger.exists()
    with pytest.raises(CheckpointError):
        mlsci.load(path, trust=["stranger_package"])  # trusted now, but `trust` is no argument of the model
    assert stranger.exists()


def test_trust_is_for_a_whole_name(digits_run, stranger, tmp_path):
    def change(config):
        config["model"]["net"] = {"_target_": "stranger_package.Net", "in_features": 64, "out_features": 10}

    path = with_config(digits_run, tmp_path / "foreign.ckpt", change)
    for trust in (["stranger"], ["stranger_pack"], ["Net"], [""], ["stranger_package.other"]):
        with pytest.raises(CheckpointError):
            mlsci.load(path, trust=trust)
    assert not stranger.exists()


DAMAGED = {
    "empty": (b"", "damaged"),
    "text": (b"not a checkpoint\n", "refused"),
    "zeros": (bytes(4096), "damaged"),
    "number": (pickle.dumps(3), "damaged|not a checkpoint"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_a_message(case, tmp_path):
    content, words = DAMAGED[case]
    path = tmp_path / "x.ckpt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=words):
        mlsci.load(path)


@pytest.mark.parametrize("share", [0.001, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_a_message(share, digits_run, tmp_path):
    whole = digits_run.best.read_bytes()
    path = tmp_path / "x.ckpt"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(CheckpointError, match=r"x\.ckpt"):
        mlsci.load(path)


def test_a_flipped_byte_is_noticed_or_harmless(digits_run, tmp_path):
    whole = bytearray(digits_run.best.read_bytes())
    path = tmp_path / "x.ckpt"
    noticed = 0
    for place in np.random.default_rng(0).integers(0, len(whole), 40):
        spoiled = whole.copy()
        spoiled[place] ^= 0xFF
        path.write_bytes(spoiled)
        try:
            mlsci.load(path)
        except CheckpointError:  # anything else would be a bug
            noticed += 1
    assert noticed > 0


@pytest.mark.parametrize("name", ["nowhere.ckpt", "."])
def test_a_missing_file_is_a_message(name, tmp_path):
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        mlsci.load(tmp_path / name)


def test_a_checkpoint_of_plain_lightning_is_no_checkpoint_of_ours(tmp_path):
    path = tmp_path / "x.ckpt"
    torch.save({"state_dict": {}, "epoch": 1, "pytorch-lightning_version": "2.6.6"}, path)
    with pytest.raises(CheckpointError, match="not a checkpoint of mlsci"):
        mlsci.load(path)


@pytest.mark.parametrize("number", [0, 2, 99, "1", None, 1.5])
def test_another_format_number_is_a_message(number, digits_run, tmp_path):
    found = payload(digits_run)
    found["mlsci"]["format"] = number
    torch.save(found, tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match=r"checkpoint format .*; this mlsci reads 1 to 1"):
        mlsci.load(tmp_path / "x.ckpt")


@pytest.mark.parametrize(
    ("key", "value"),
    [("config", "{"), ("config", "[]"), ("config", "{}"), ("config", 3), ("spec", "{}"), ("spec", '{"inputs": 3}')],
)
def test_a_damaged_description_is_a_message(key, value, digits_run, tmp_path):
    found = payload(digits_run)
    found["mlsci"][key] = value
    torch.save(found, tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match="damaged"):
        mlsci.load(tmp_path / "x.ckpt")


@pytest.mark.parametrize("key", ["mlsci", "state_dict"])
def test_a_missing_part_is_a_message(key, digits_run, tmp_path):
    found = payload(digits_run)
    del found[key]
    torch.save(found, tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match=key):
        mlsci.load(tmp_path / "x.ckpt")


def test_weights_that_do_not_fit_are_a_message(digits_run, tmp_path):
    def change(config):
        config["model"]["net"]["hidden"] = 32

    with pytest.raises(CheckpointError, match="the weights do not fit"):
        mlsci.load(with_config(digits_run, tmp_path / "x.ckpt", change))


def test_a_model_that_is_none_is_a_message(digits_run, tmp_path):
    def change(config):
        config["model"] = {"_target_": "torch.nn.Identity"}

    with pytest.raises(CheckpointError, match=r"model\._target_: Identity is no mlsci.models.base.Model"):
        mlsci.load(with_config(digits_run, tmp_path / "x.ckpt", change))


def test_our_checkpoints_hold_plain_values_only(digits_run):
    def plain(value) -> bool:
        if isinstance(value, dict):
            return all(type(key) in (str, int) and plain(entry) for key, entry in value.items())
        if isinstance(value, list | tuple):
            return all(map(plain, value))
        return value is None or type(value) in (bool, int, float, str, torch.Tensor)

    for name in ("best.ckpt", "last.ckpt"):
        found = torch.load(digits_run.best.with_name(name), weights_only=True)
        assert plain({key: value for key, value in found.items() if key != "state_dict"})
        assert plain(dict(found["state_dict"]))
        assert zipfile.is_zipfile(digits_run.best.with_name(name))


def test_a_stored_file_of_format_one_still_answers_the_same():
    expected = np.load(FIXTURES / "format1.npz")
    model = mlsci.load(FIXTURES / "format1.ckpt.bin")
    with torch.no_grad():
        answers = model.predict(torch.as_tensor(expected["inputs"])).numpy()
    np.testing.assert_allclose(answers, expected["predictions"], rtol=1e-5, atol=1e-7)
    description = checkpoint.describe(checkpoint.read(FIXTURES / "format1.ckpt.bin"))
    assert (description.seed, description.choices["data"]) == (0, "digits")
    assert description.spec.classes == tuple("0123456789")
