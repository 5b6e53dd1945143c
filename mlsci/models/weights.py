"""The weights of a linear model beside true ones, or beside those of another implementation."""

from typing import Any

import torch
from torch import Tensor

from mlsci.models.linear_regression import LinearEstimator

SUPPORT = 0.05  # weights above this share of the largest true one count as found


def beside_truth(model: LinearEstimator, truth: Tensor) -> dict[str, float]:
    """Largest error, mean over the true support, and size of the support found; truth (targets, features)."""
    weight, truth = model.weight.cpu(), truth.double()
    support = truth != 0
    return {
        "test/weight_error": float((weight - truth).abs().max()),
        "test/true_weight_mean": float(weight[support].mean()),
        "test/nonzero": float((weight.abs() > SUPPORT * truth.abs().max()).sum()),
    }


def beside_peer(model: LinearEstimator, peer: Any, x: Tensor, y: Tensor) -> dict[str, float]:
    """The largest difference of weights, and of biases but for a common one, to a peer fitted to x (N, ...) and y.

    scikit-learn keeps one logit of two classes: the second one minus the first.
    """
    flat = x.flatten(1).cpu().numpy()
    peer.fit(flat, y.squeeze(-1).cpu().numpy() if y.dim() == 2 and y.shape[1] == 1 else y.cpu().numpy())
    theirs, bias = (torch.as_tensor(values, dtype=torch.float64) for values in (peer.coef_, peer.intercept_))
    theirs, bias = theirs.reshape(-1, flat.shape[1]), bias.reshape(-1)
    ours, own = model.weight.cpu(), model.bias.cpu()
    if len(ours) == 2 and len(theirs) == 1:
        ours, own = ours[1:] - ours[:1], own[1:] - own[:1]
    shift = (own - bias).mean() if len(bias) > 1 and not y.is_floating_point() else 0.0
    return {
        "test/weight_difference": float((ours - theirs).abs().max()),
        "test/bias_difference": float((own - bias - shift).abs().max()),
    }
