"""What optimizers of least squares ask of a net: its errors on a batch as rows, and their derivatives."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap

from mlsci.errors import ConfigError

SAMPLES = 1024  # whose derivatives are taken at once
LARGEST = 400_000_000  # numbers in a Jacobian: 3 GB in float64


class LeastSquares:
    """(answers − targets) / √count as rows (R,), whose sum of squares is the mean squared error of the batch.

    Args:
        module: holds the parameters that `answers` depends on.
        answers: from inputs (B, ...) to what is compared with the targets.
        x: inputs (B, ...).
        y: targets (B, ...).

    Raises RuntimeError for nets whose answers depend on other samples of the batch or on chance, such as dropout.
    """

    def __init__(self, module: nn.Module, answers: Callable[[Tensor], Tensor], x: Tensor, y: Tensor) -> None:
        self.called = _Called(module, answers)
        self.x, self.y = x, y

    @torch.no_grad()
    def __call__(self) -> Tensor:
        """The rows (R,)."""
        return self._scaled((self.called(self.x) - self.y).flatten())

    def jacobian(self, parameters: list[Tensor]) -> tuple[Tensor, Tensor]:
        """The rows (R,) and their Jacobian (R, P), columns in the order of the parameters.

        Raises:
            ConfigError: a Jacobian of more than `LARGEST` numbers.
        """
        count = sum(parameter.numel() for parameter in parameters)
        if self.y.numel() * count > LARGEST:
            raise ConfigError(
                f"optimizer: least squares need a Jacobian of {self.y.numel():,} errors by {count:,} parameters, "
                f"allowed are {LARGEST:,} numbers; take a smaller net or data.batch_size, or optimizer=adamw with "
                f"scheduler=warmup_cosine"
            )
        wanted = {id(parameter): place for place, parameter in enumerate(parameters)}
        names = {wanted[id(p)]: name for name, p in self.called.named_parameters() if id(p) in wanted}
        values = {names[place]: parameter.detach() for place, parameter in enumerate(parameters)}

        def answer(values: dict[str, Tensor], x: Tensor) -> Tensor:
            return functional_call(self.called, values, (x[None],)).flatten()  # (R / B,)

        with torch.no_grad():
            blocks = [self._columns(answer, values, x) for x in self.x.split(SAMPLES)]
        return self(), self._scaled(torch.cat(blocks))

    def _columns(self, answer: Callable[..., Tensor], values: dict[str, Tensor], x: Tensor) -> Tensor:
        found = vmap(jacrev(answer), in_dims=(None, 0))(values, x)  # {name: (B, R / B, *shape)}
        return torch.cat([found[name].reshape(len(x) * found[name].shape[1], -1) for name in values], dim=1)

    def _scaled(self, values: Tensor) -> Tensor:
        return values / self.y.numel() ** 0.5


class _Called(nn.Module):
    """A function that uses a module's parameters, as a module of its own."""

    def __init__(self, module: nn.Module, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.module = module
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)
