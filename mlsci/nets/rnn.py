"""Recurrent networks: Elman's, long short-term memory and gated recurrent units."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from mlsci.nets import check_shape
from mlsci.nets.sequence import Output, Readout, outputs_each, sequence_shape

KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class RNN(nn.Module):
    """h_t = cell(x_t, h_{t-1}) from h_0 = 0, then an affine map: sequences (B, T, F) of any length T.

    `kind` is the cell of every layer: `rnn`, tanh(W x + U h + b) (Elman 1990); `lstm` (Hochreiter & Schmidhuber
    1997); `gru` (Cho et al. 2014, arXiv:1406.1078). `output` says what the affine map sees: the `last` state or
    the `mean` over time, which give (B, out_features), or `each`, which gives (B, T, out_features / length), so that
    `out_features` counts the values of a whole sequence. `dropout` acts between the layers and before the affine
    map. With `channels_last` false, sequences are (B, F, T), outputs of `each` too.
    Raises ValueError for inputs that are no sequences, an unknown word, and outputs that `each` cannot share out.
    """

    def __init__(
        self,
        *,
        in_shape: Sequence[int],
        out_features: int,
        kind: Literal["rnn", "lstm", "gru"] = "lstm",
        hidden: int = 64,
        layers: int = 1,
        output: Output = "last",
        dropout: float = 0.0,
        channels_last: bool = True,
    ) -> None:
        super().__init__()
        length, self.features = sequence_shape("RNN", in_shape, channels_last=channels_last)
        if kind not in KINDS:
            raise ValueError(f"RNN: kind must be one of {', '.join(KINDS)}, got {kind!r}")
        self.channels_last = channels_last
        # torch warns of dropout between the layers of one layer.
        between = dropout if layers > 1 else 0.0
        self.cells = KINDS[kind](self.features, hidden, num_layers=layers, batch_first=True, dropout=between)
        self.dropout = nn.Dropout(dropout)
        outputs = outputs_each("RNN", out_features, length) if output == "each" else out_features
        self.readout = Readout(hidden, outputs, output=output)

    def forward(self, x: Tensor) -> Tensor:
        if not self.channels_last:
            x = x.movedim(1, -1)  # (B, T, F)
        check_shape(x, "T", self.features)
        h, _ = self.cells(x)  # (B, T, hidden)
        y = self.readout(self.dropout(h))  # (B, out_features) or (B, T, outputs)
        return y if self.channels_last or y.ndim == 2 else y.movedim(-1, 1)
