"""neuraloperator's example for its small Darcy data: its net, optimizer, schedule, loss and trainer, its settings.

    python run_neuraloperator.py FOLDER SEED EPOCHS

reads FOLDER/pairs.npz and leaves out.json and predictions.npy there. The settings are those of version 2.0.0's
examples/models/plot_FNO_darcy.py; the loader is ours, because the package's own one asks for files on a finer grid.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from neuralop import H1Loss, Trainer
from neuralop.data.transforms.data_processors import DefaultDataProcessor
from neuralop.data.transforms.normalizers import UnitGaussianNormalizer
from neuralop.models import FNO
from neuralop.training import AdamW
from torch.utils.data import DataLoader, Dataset

BATCH = 64


class Pairs(Dataset):
    """Fields (N, 1, 16, 16) by name, as the trainer wants them."""

    def __init__(self, x: np.ndarray, y: np.ndarray):
        self.x, self.y = (torch.from_numpy(each).float().unsqueeze(1) for each in (x, y))

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"x": self.x[index], "y": self.y[index]}


def main(folder: Path, *, seed: int, epochs: int) -> None:
    """Train, predict, write."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    with np.load(folder / "pairs.npz") as found:
        train, test = (Pairs(found[f"x_{part}"], found[f"y_{part}"]) for part in ("train", "test"))
    encoder = UnitGaussianNormalizer(dim=[0, 2, 3])
    encoder.fit(train.y)
    processor = DefaultDataProcessor(in_normalizer=None, out_normalizer=encoder)
    model = FNO(n_modes=(8, 8), in_channels=1, out_channels=1, hidden_channels=24, projection_channel_ratio=2)
    optimizer = AdamW(model.parameters(), lr=1e-2, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30)
    trainer = Trainer(
        model=model, n_epochs=epochs, data_processor=processor, device="cpu", wandb_log=False,
        eval_interval=10 * epochs, use_distributed=False, verbose=False,
    )  # fmt: skip
    loader = DataLoader(train, batch_size=BATCH, shuffle=True)
    began = time.process_time()
    trainer.train(
        train_loader=loader, test_loaders={}, optimizer=optimizer, scheduler=schedule, regularizer=False,
        training_loss=H1Loss(d=2), eval_losses={},
    )  # fmt: skip
    seconds = time.process_time() - began
    model.eval()
    processor.eval()
    with torch.no_grad():
        sample = processor.preprocess({"x": test.x, "y": test.y.clone()})
        predictions, _ = processor.postprocess(model(sample["x"]), sample)
    np.save(folder / "predictions.npy", predictions[:, 0].numpy())
    # as the package counts them: complex weights are two numbers
    count = sum(each.numel() * (2 if each.is_complex() else 1) for each in model.parameters())
    (folder / "out.json").write_text(json.dumps({"cpu_s": seconds, "parameters": count}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), seed=int(sys.argv[2]), epochs=int(sys.argv[3]))
