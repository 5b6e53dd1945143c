"""What several test files share: the command line in a process of its own, and one finished run."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"  # real data files beside the checkout, where there are any


@dataclass(frozen=True)
class Answer:
    """What a command left behind: exit code, the two streams, and its CPU seconds."""

    code: int
    out: str
    err: str
    seconds: float = 0.0

    @property
    def errors(self) -> list[str]:
        """The lines on stderr."""
        return self.err.splitlines()


def environment(**changes: str) -> dict[str, str]:
    """One thread, no wandb account, and nothing of the developer's own settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MLSCI_", "HYDRA_"))}
    return {**kept, "OMP_NUM_THREADS": "1", "WANDB_MODE": "offline", "PYTHONWARNINGS": "default", **changes}


def run_command(command: Sequence[object], cwd: Path, **changes: str) -> Answer:
    """Run a command and wait for its end; `changes` go into the environment."""
    process = subprocess.Popen(
        [str(word) for word in command],
        cwd=cwd,
        env=environment(**changes),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    before = os.times()
    out, err = process.communicate(timeout=120)
    after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    return Answer(process.returncode, out, err, seconds)


@pytest.fixture(scope="session", name="run_command")
def _run_command() -> Callable[..., Answer]:
    """Any command, in our environment."""
    return run_command


@pytest.fixture(scope="session")
def run_cli() -> Callable[..., Answer]:
    """The real command line: `run_cli(["check"], cwd, flags=["-X", "importtime"], MLSCI_DATA_DIR="...")`."""

    def run(arguments: Sequence[object], cwd: Path, *, flags: Sequence[str] = (), **changes: str) -> Answer:
        return run_command([sys.executable, *flags, "-m", "mlsci", *arguments], cwd, **changes)

    return run


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """The command line within this process, the job of `train` too: `run_here(["train", ...], cwd)`.

    For what a command answers; that a process of its own does the same is tested once for each kind of verb.
    """

    def run(arguments: Sequence[object], cwd: Path, **changes: str) -> Answer:
        from mlsci import cli, launch
        from mlsci.run import main as run_job

        loaded = set(sys.modules)
        capsys.readouterr()
        with monkeypatch.context() as patch:
            for key in [key for key in os.environ if key.startswith(("MLSCI_", "HYDRA_"))]:
                patch.delenv(key)
            for key, value in changes.items():
                patch.setenv(key, value)
            patch.chdir(cwd)
            patch.setattr(sys, "path", list(sys.path))
            patch.setattr(launch, "_become", lambda folder: sys.exit(run_job([str(folder.path)])))
            with pytest.raises(SystemExit) as ended:
                cli.main([str(word) for word in arguments])
        for name in sys.modules.keys() - loaded:  # a package of the working directory: the next one may have its name
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(cwd)):
                del sys.modules[name]
        out, err = capsys.readouterr()
        return Answer(int(ended.value.code or 0), out, err)

    return run


@dataclass(frozen=True)
class Finished:
    """A run that ended well: its folder, its best.ckpt, and what `mlsci.train` returned."""

    folder: Path
    best: Path
    result: object


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Two epochs of a small net on the digits."""
    import mlsci

    runs = tmp_path_factory.mktemp("runs")
    small = ["data=digits", "net=mlp", "trainer.max_epochs=2", "logger=csv", "callbacks=checkpoint", "threads=1"]
    result = mlsci.train([*small, f"run.dir={runs / 'digits'}"])
    return Finished(result.folder, result.folder / "checkpoints" / "best.ckpt", result)


@pytest.fixture
def shared_data(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of real data files; a test that needs it is left out where there is none."""
    folder = Path(os.environ.get("MLSCI_DATA_DIR") or SHARED)
    if not folder.is_dir():
        pytest.skip(f"no real data files in {folder}; set MLSCI_DATA_DIR to a folder that has them")
    monkeypatch.setenv("MLSCI_DATA_DIR", str(folder))
    return folder
