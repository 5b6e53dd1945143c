import pytest
import torch
from torch import nn

from mlsci.nets.attention import Block, SelfAttention


@pytest.mark.parametrize("causal", [True, False])
def test_attention_is_torch_s_own_with_the_same_weights(causal: bool) -> None:
    torch.manual_seed(0)
    ours = SelfAttention(12, heads=3, rotate=None, causal=causal).double()
    theirs = nn.MultiheadAttention(12, 3, batch_first=True).double()
    theirs.load_state_dict(
        {
            "in_proj_weight": ours.project.weight,
            "in_proj_bias": ours.project.bias,
            "out_proj.weight": ours.merge.weight,
            "out_proj.bias": ours.merge.bias,
        }
    )
    x = torch.randn(2, 7, 12, dtype=torch.float64)
    later = torch.ones(7, 7, dtype=torch.bool).triu(1) if causal else None
    torch.testing.assert_close(ours(x), theirs(x, x, x, attn_mask=later, need_weights=False)[0], rtol=0, atol=1e-14)


def test_a_block_is_torch_s_pre_norm_layer_with_the_same_weights() -> None:
    torch.manual_seed(0)
    ours = Block(12, heads=3).double()
    theirs = nn.TransformerEncoderLayer(12, 3, 48, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
    names = {
        "attention.project.": "self_attn.in_proj_",
        "attention.merge.": "self_attn.out_proj.",
        "mlp.0.": "linear1.",
        "mlp.2.": "linear2.",
    }
    state = {}
    for name, value in ours.state_dict().items():
        start = next((start for start in names if name.startswith(start)), "")
        state[names.get(start, "") + name.removeprefix(start)] = value
    theirs.double().load_state_dict(state)
    x = torch.randn(2, 7, 12, dtype=torch.float64)
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=1e-13)


def test_rows_that_may_look_at_themselves_alone_give_their_own_value() -> None:
    torch.manual_seed(0)
    attention = SelfAttention(4, heads=1, rotate=None, causal=False).double()
    x = torch.randn(1, 3, 4, dtype=torch.float64)
    value = attention.project(x)[..., 8:]
    torch.testing.assert_close(attention(x, torch.eye(3, dtype=torch.bool)), attention.merge(value))
    assert (attention(x) - attention.merge(value)).abs().max() > 1e-6


def test_a_width_that_heads_do_not_share_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of heads, got 10 and 4"):
        SelfAttention(10, heads=4, rotate=None, causal=False)
