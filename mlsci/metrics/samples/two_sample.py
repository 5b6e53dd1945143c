"""The classifier two-sample test: how well a classifier tells samples from the truth (Lopez-Paz and Oquab 2017)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mlsci.metrics.samples.base import Features, check, warn_if_few
from mlsci.metrics.samples.folded import Classifier, FoldedMLP

FEWEST = 100  # of each kind


@dataclass(frozen=True, kw_only=True)
class ClassifierTest:
    """Area under the ROC curve of a classifier on held-out folds: `auc`, and its standard error `auc_stderr`.

    0.5: it cannot tell them apart. 1: it always can. Both sets count alike, the larger one is cut. Every fold is
    held out once, and the classifiers of all folds are trained at the same time. The error is that of DeLong,
    DeLong and Clarke-Pearson (1988), for the folds together; it knows nothing of the spread between trainings.

    Args:
        classifier: mlsci.metrics.samples.folded.FoldedMLP or FoldedCNN; None: a small MLP.
        features: what is classified instead of the samples.
        folds: at least 2.
        most: samples of each kind that are looked at.
        seed: of order, weights and batches.

    Raises:
        ValueError: fewer samples than two a fold.
    """

    classifier: Classifier | None = None
    features: Features | None = None
    folds: int = 5
    most: int = 5000
    seed: int = 0

    def __call__(self, samples: Tensor, truth: Tensor) -> dict[str, float]:
        check(samples, truth)
        count = min(len(samples), len(truth), self.most)
        warn_if_few("classifier two-sample test, of each kind", count, FEWEST)
        if self.folds < 2 or count < 2 * self.folds:
            raise ValueError(f"classifier test: {self.folds} folds need 2 samples each, got {count} of a kind")
        with torch.inference_mode(False), torch.no_grad():  # classifiers are trained, also in a test
            return self._measure(samples, truth, count)

    def _measure(self, samples: Tensor, truth: Tensor, count: int) -> dict[str, float]:
        draw = torch.Generator().manual_seed(self.seed)
        each = count // self.folds  # of a kind and fold
        parts = []
        for values in (truth, samples):
            chosen = values.detach()[torch.randperm(len(values), generator=draw)[: each * self.folds].to(values.device)]
            chosen = chosen if self.features is None else self.features(chosen).detach()
            parts.append(chosen.float().unflatten(0, (self.folds, each)))
        x = torch.cat(parts, dim=1)  # (folds, 2 each, ...): truth first
        y = torch.cat([torch.zeros(each), torch.ones(each)]).to(x)
        scores = (self.classifier or FoldedMLP())(*training(x, y), x, seed=self.seed)  # (folds, 2 each)
        area, variance = area_under_curve(scores[:, :each].double(), scores[:, each:].double())
        return {"auc": float(area.mean()), "auc_stderr": float(variance.sum().sqrt() / self.folds)}


def training(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """What is not held out of x (folds, n, ...) with y (n,), for each fold: (folds, (folds - 1) n, ...) and labels."""
    folds = len(x)
    others = [[g for g in range(folds) if g != fold] for fold in range(folds)]
    return torch.stack([x[index].flatten(0, 1) for index in others]), y.repeat(folds - 1)


def area_under_curve(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """P(high > low) + ½ P(equal) and its variance by placements, for scores (F, n) and (F, m): (F,) each."""
    order = low.sort(dim=1).values.contiguous()
    turned = high.sort(dim=1).values.contiguous()
    above = _share_below(order, high)  # (F, m): of the lower kind below each of the higher
    below = 1 - _share_below(turned, low)  # (F, n)
    variance = above.var(dim=1) / above.shape[1] + below.var(dim=1) / below.shape[1]
    return above.mean(dim=1), variance


def _share_below(ordered: Tensor, values: Tensor) -> Tensor:
    left = torch.searchsorted(ordered, values.contiguous(), side="left")
    right = torch.searchsorted(ordered, values.contiguous(), side="right")
    return (left + right).double() / (2 * ordered.shape[1])
