"""A table of the model's parts and their parameters."""

from lightning.pytorch import Callback, LightningModule, Trainer
from rich.console import Console
from rich.table import Table


class Summary(Callback):
    """Prints the parts of the model down to `depth`, with their parameter counts, when training starts."""

    def __init__(self, *, depth: int = 2):
        self.depth = depth

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print on the first device only."""
        if not trainer.is_global_zero:
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column, justify in (("part", "left"), ("class", "left"), ("parameters", "right")):
            table.add_column(column, justify=justify)  # type: ignore[arg-type]
        for name, module in pl_module.named_modules():
            count = sum(p.numel() for p in module.parameters())
            if name and name.count(".") < self.depth and count:
                table.add_row(name, type(module).__name__, f"{count:,}")
        trainable = sum(p.numel() for p in pl_module.parameters() if p.requires_grad)
        table.add_row("", "trainable in all", f"{trainable:,}", style="bold")
        Console().print(table)
