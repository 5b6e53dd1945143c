"""Stock Lightning of the overhead benchmark: a DataLoader, self.log, the default bar, logger and checkpoint."""

import logging
import sys
import warnings

import lightning as L
import torch
from overhead_common import make
from overhead_timer import Timer
from torch.utils.data import DataLoader, TensorDataset

warnings.simplefilter("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
case, epochs, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
L.seed_everything(0, verbose=False)
torch.set_num_threads(1)
x, y, net, criterion = make(case)


class Stock(L.LightningModule):
    """As in Lightning's own introduction."""

    def __init__(self) -> None:
        super().__init__()
        self.net = net

    def training_step(self, batch, batch_idx):
        """One batch."""
        loss = criterion(self.net(batch[0]), batch[1])
        self.log("train/loss", loss)
        return loss

    def configure_optimizers(self):
        """The same optimizer as the other loops."""
        return torch.optim.AdamW(self.parameters(), lr=1e-3, weight_decay=1e-2, fused=True)


loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
L.Trainer(max_epochs=epochs, accelerator="cpu", default_root_dir=folder, callbacks=[Timer()]).fit(Stock(), loader)
