"""A net that folds a series by its period: each hour of the day is forecast from the same hour of the days before."""

from collections.abc import Sequence

from torch import Tensor, nn

from mlsci.nets import check_shape
from mlsci.nets.mlp import MLP
from mlsci.nets.sequence import sequence_shape


class FoldedMLP(nn.Module):
    """Pasts (B, look_back, F) -> (B, steps · F) by one perceptron for all variables and all phases of a period.

    A sliding mean over a period, with weights that are learnt, is added to the past; then the values of one phase,
    look_back / period of them, give those of the next steps / period periods (SparseTSF: Lin et al. 2024,
    arXiv:2405.00946). It has few weights and cannot learn what happens between the phases but by the sliding mean.

    Args:
        in_shape: (look_back, F).
        out_features: steps · F.
        period: of the series, in time steps.
        hidden, layers: of the perceptron; layers=0: one linear map.

    Raises:
        ValueError: inputs that are no sequences, lengths that are no multiples of the period.
    """

    def __init__(
        self, *, in_shape: Sequence[int], out_features: int, period: int, hidden: int = 128, layers: int = 0
    ) -> None:
        super().__init__()
        self.length, self.features = sequence_shape("FoldedMLP", in_shape)
        steps, rest = divmod(out_features, self.features)
        if rest or period < 2 or self.length % period or steps % period or not steps:
            raise ValueError(
                f"FoldedMLP: look_back and steps must be multiples of period={period}, "
                f"got {self.length} and {out_features} values of {self.features} variables"
            )
        self.period = period
        self.smooth = nn.Conv1d(1, 1, 2 * (period // 2) + 1, padding=period // 2, bias=False)
        self.perceptron = (
            MLP(in_features=self.length // period, out_features=steps // period, hidden=hidden, layers=layers)
            if layers
            else nn.Linear(self.length // period, steps // period, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        check_shape(x, self.length, self.features)
        series = x.movedim(2, 1).reshape(-1, 1, self.length)  # (B F, 1, look_back)
        folded = (series + self.smooth(series)).unflatten(2, (-1, self.period)).mT  # (B F, 1, period, periods)
        y = self.perceptron(folded.flatten(0, 2)).unflatten(0, (-1, self.features, self.period))
        return y.mT.flatten(2).mT.flatten(1)  # (B, steps F)
