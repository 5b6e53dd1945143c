"""Data and net of both benchmark cases, for the loops that are not ours."""

import torch
from torch import Tensor, nn


def make(case: str) -> tuple[Tensor, Tensor, nn.Module, nn.Module]:
    """Training inputs and targets, the net and the criterion, as our config builds them."""
    if case == "mlp":
        from overhead_data import arrays

        from mlsci.nets.mlp import MLP

        x, y = (torch.as_tensor(a, dtype=torch.float32) for a in arrays(16000))
        n = int(16000 * 0.8 * 0.9)
        return x[:n], y[:n], MLP(in_features=10, out_features=1, hidden=64, layers=2), nn.MSELoss()
    from sklearn.datasets import load_digits

    from mlsci.nets.cnn import CNN

    bunch = load_digits()
    n = int(len(bunch.target) * 0.8 * 0.9)
    x = torch.as_tensor(bunch.images[:n, None] / 16, dtype=torch.float32)
    return x, torch.as_tensor(bunch.target[:n]), CNN(in_shape=(1, 8, 8), out_features=10), nn.CrossEntropyLoss()
