"""Self-attention and the pre-norm transformer block (Vaswani et al. 2017; Xiong et al. 2020, arXiv:2002.04745)."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F


class SelfAttention(nn.Module):
    """softmax(q kᵀ / √head_dim) v in each of `heads` heads, then an affine map: (B, T, width) to (B, T, width).

    `rotate` acts on queries and keys. `mask`, which broadcasts to (B, heads, T, T), is true where a row may look
    at a column; with `causal` rows look at themselves and what came before.
    Raises ValueError for a width that is no multiple of `heads`.
    """

    def __init__(self, width: int, *, heads: int, rotate: Callable[[Tensor], Tensor] | None, causal: bool) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise ValueError(f"attention needs a width that is a multiple of heads, got {width} and {heads}")
        self.heads, self.causal, self.rotate = heads, causal, rotate
        self.project = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        q, k, v = self.project(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # (B, heads, T, head_dim)
        if self.rotate is not None:
            q, k = self.rotate(q), self.rotate(k)
        h = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=self.causal)  # (B, heads, T, head_dim)
        return self.merge(h.transpose(1, 2).flatten(2))  # (B, T, width)


class Block(nn.Module):
    """h = x + attention(norm(x)), y = h + mlp(norm(h)): (B, T, width) to (B, T, width).

    The perceptron has one hidden layer, four times as wide, with GELU. `dropout` acts on what is added.
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        rotate: Callable[[Tensor], Tensor] | None = None,
        causal: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads=heads, rotate=rotate, causal=causal)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        h = x + self.dropout(self.attention(self.norm1(x), mask))  # (B, T, width)
        return h + self.dropout(self.mlp(self.norm2(h)))  # (B, T, width)
