"""What can be done with a checkpoint alone: evaluate, predict, sample, export."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Trainer
from torch import Tensor

from mlsci import checkpoint, interpolation, tables
from mlsci.build import instantiate
from mlsci.config import assign
from mlsci.data.base import Data
from mlsci.data.order import seed_all
from mlsci.errors import CheckpointError, ConfigError, MlsciError
from mlsci.log import quiet_libraries
from mlsci.models.base import Model
from mlsci.models.exportable import Exportable


@dataclass(frozen=True)
class Loaded:
    """A checkpoint opened for use."""

    model: Model
    description: checkpoint.Description
    trust: Sequence[str]


def open_checkpoint(path: str | Path, *, trust: Sequence[str] = ()) -> Loaded:
    """Read a checkpoint and build its model."""
    payload = checkpoint.read(path)
    model = checkpoint.model(payload, trust=trust)
    return Loaded(model=model, description=checkpoint.describe(payload), trust=trust)


def evaluate(path: str | Path, *, overrides: Sequence[str] = (), trust: Sequence[str] = ()) -> dict[str, float]:
    """Test a checkpoint on the data of its config; `overrides` change the data: `data.fold=1`."""
    loaded = open_checkpoint(path, trust=trust)
    interpolation.register()
    config = assign(loaded.description.config, overrides, allowed=("data.",), trust=trust)
    seed_all(loaded.description.seed)
    data = instantiate(config["data"], trust=trust, path="data")
    if not isinstance(data, Data):
        raise ConfigError(f"data._target_: {type(data).__name__} is no mlsci.data.base.Data")
    with quiet_libraries():
        return _test(loaded, data)


def _test(loaded: Loaded, data: Data) -> dict[str, float]:
    trainer = Trainer(
        accelerator="auto",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        inference_mode=not loaded.model.needs_grad,
        use_distributed_sampler=False,
        default_root_dir=os.devnull,
    )
    data.prepare_data()
    data.setup()
    found, taken = data.spec, loaded.description.spec.inputs
    if found is None or found.inputs != taken:
        given = None if found is None else found.inputs
        raise ConfigError(f"data: inputs of shape {given}, the checkpoint's model takes {taken}")
    if not data.has("test"):
        raise ConfigError(f"data: {type(data).__name__} has no test part")
    trainer.test(loaded.model, datamodule=data, verbose=False)
    logged = {name: float(value) for name, value in trainer.callback_metrics.items()}
    return logged | loaded.model.eval().final_metrics(data)


def predict(path: str | Path, source: str | Path, *, out: str | Path, trust: Sequence[str] = ()) -> Path:
    """Answers for the rows of a .npz or .csv file, written to a .npz or .csv file.

    Raises:
        MlsciError: the inputs have another shape than the model was trained on, or cannot be read.
    """
    loaded = _predicting(path, trust)
    inputs = tables.read(Path(source), loaded.description.spec)
    predictions = answers(loaded.model, torch.as_tensor(inputs, dtype=torch.float32))
    names = getattr(loaded.model, "answer_names", None)
    return tables.write(Path(out), predictions.numpy(), loaded.description.spec, names=names)


def _predicting(path: str | Path, trust: Sequence[str]) -> Loaded:
    """A checkpoint whose model answers inputs."""
    loaded = open_checkpoint(path, trust=trust)
    if not loaded.model.predicts:
        raise MlsciError(f"{path}: a {type(loaded.model).__name__} has no predictions; it may have: mlsci sample")
    return loaded


def answers(model: Model, inputs: Tensor, *, batch_size: int = 1024) -> Tensor:
    """`model.predict` in batches, without gradients unless the model needs them."""
    with torch.set_grad_enabled(model.needs_grad):
        return torch.cat([model.predict(rows).detach() for rows in inputs.split(batch_size)])


def sample(
    path: str | Path, *, n: int, out: str | Path, seed: int = 0, condition: Any = None, trust: Sequence[str] = ()
) -> list[Path]:
    """Draw `n` samples from a generative model: an .npz file, and a picture grid where they are pictures.

    Raises:
        MlsciError: the model cannot sample, or takes no condition.
    """
    loaded = open_checkpoint(path, trust=trust)
    draw = getattr(loaded.model, "sample", None)
    if n < 1:
        raise ConfigError(f"-n {n}: expected at least 1")
    if draw is None:
        raise MlsciError(
            f"{path}: a {type(loaded.model).__name__} cannot sample; generative models can (vae, gan, flow, ...)"
        )
    seed_all(seed)
    options = {} if condition is None else {"condition": condition}
    with torch.set_grad_enabled(loaded.model.needs_grad):
        samples = draw(n, **options).detach().cpu().numpy()
    target = Path(out).with_suffix(".npz")
    with _writing(target):
        np.savez(target, samples=samples)
        return [target, *_grid(samples, target.with_suffix(".png"))]


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Make the folder; a place that cannot be written is the user's to change."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise MlsciError(f"{target}: cannot be written: {error.strerror or error}") from error


def _grid(samples: np.ndarray, path: Path) -> list[Path]:
    """A grid of up to 64 pictures (N, C, H, W) with one or three channels."""
    if samples.ndim != 4 or samples.shape[1] not in {1, 3}:
        return []
    from mlsci.plots.grid import grid

    grid(samples[:64]).savefig(path, dpi=150)
    return [path]


class Exported(torch.nn.Module):
    """inputs -> predictions, nothing else: what an exported file computes."""

    def __init__(self, model: Model):
        super().__init__()
        self.model = model

    def forward(self, inputs: Tensor) -> Tensor:
        """Predictions in physical units."""
        return self.model.predict(inputs)


def export(path: str | Path, *, to: str, out: str | Path | None = None, trust: Sequence[str] = ()) -> Path:
    """Write the model as `pt2` (torch.export) or `onnx`, for any batch size, and check the file's answers.

    Raises:
        ConfigError: another format.
        MlsciError: an extra is missing, or the file answers otherwise than the model.
    """
    if to not in {"pt2", "onnx"}:
        raise ConfigError(f"--to {to}: expected pt2 or onnx")
    loaded = open_checkpoint(path, trust=trust)
    own = getattr(loaded.model, "exportable", None)
    if own is not None and to == "onnx":
        raise ConfigError(f"--to onnx: a {type(loaded.model).__name__} is written as pt2 only")
    target = Path(out) if out else Path(path).with_suffix(f".{to}")
    with _writing(target), quiet_libraries():
        found = own() if own is not None else _plain_exportable(path, loaded)
        with torch.no_grad():
            given = (_export_pt2 if to == "pt2" else _export_onnx)(found, target)
    for answers, right in zip(given, found.answers, strict=True):
        for name, ours, theirs in zip(found.outputs, right, answers, strict=True):
            difference = float((ours - theirs).abs().max())
            if not difference <= found.tolerance:
                text = f"the exported file answers otherwise: largest difference {difference:.2g} in {name}"
                raise MlsciError(f"{target}: {text}")
    return target


def _plain_exportable(path: str | Path, loaded: Loaded) -> Exportable:
    """inputs -> predictions, of a model that answers inputs."""
    model = loaded.model
    if not model.predicts:
        raise MlsciError(f"{path}: a {type(model).__name__} has no predictions; it may have: mlsci sample")
    if model.needs_grad:
        raise CheckpointError(f"{path}: a {type(model).__name__} differentiates its net and has its own export")
    module = Exported(model).eval()
    example = torch.randn(3, *loaded.description.spec.inputs, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        answer = module(example)
    return Exportable(
        module=module,
        examples=[(example,)],
        answers=[(answer,)],
        shapes=({0: torch.export.Dim("batch", min=1)},),
        inputs=("inputs",),
        outputs=("predictions",),
        tolerance=1e-4 * (1.0 + float(answer.abs().max())),
    )


def _export_pt2(found: Exportable, target: Path) -> list[tuple[Tensor, ...]]:
    """What the file answers to the examples."""
    program = torch.export.export(found.module, found.examples[0], dynamic_shapes=found.shapes)
    torch.export.save(program, target)
    again = torch.export.load(target).module()
    answers = [again(*example) for example in found.examples]
    return [answer if isinstance(answer, tuple) else (answer,) for answer in answers]


def _export_onnx(found: Exportable, target: Path) -> list[tuple[Tensor, ...]]:
    try:
        import onnxruntime
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise MlsciError('--to onnx needs `pip install "mlsci[export]"`') from error
    torch.onnx.export(
        found.module,
        found.examples[0],
        str(target),
        input_names=list(found.inputs),
        output_names=list(found.outputs),
        dynamic_shapes=({0: "batch"},),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    feeds = [{name: x.numpy() for name, x in zip(found.inputs, example, strict=True)} for example in found.examples]
    return [tuple(torch.as_tensor(values) for values in session.run(None, feed)) for feed in feeds]
