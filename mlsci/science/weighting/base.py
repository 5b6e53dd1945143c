"""What every loss weighting can do, and what those that balance blocks or single points share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from mlsci.errors import CheckpointError, ConfigError, NonFiniteLoss
from mlsci.science.collocation.block import Block
from mlsci.science.collocation.system import System

if TYPE_CHECKING:
    from mlsci.science.weighting.causal import Causal


@dataclass(kw_only=True, eq=False)
class Weighting:
    """Sets `weight` and `point_weights` of every block: L = Σ weight · mean over points (point weight · Σ residual²).

    weight = balance · terms[name] · (lambda_pde for blocks of kind "pde"), where the balance is what a scheme adapts;
    point weight = what a scheme adapts · causal weight.

    The model calls `begin` after every draw of points, `update` before every `every`-th step (0: never), and
    `after_step` after each step if `needs_residuals`. To resume: `load_state_dict`, then `apply` to the same points.

    Args:
        lambda_pde: λ of L = L_data + λ L_PDE.
        terms: fixed factors by block name; blocks that are not named have 1.
        causal: a further factor on the points of the equation.

    Raises:
        ConfigError: a setting out of range, or, in `begin`, a term that is no block.
    """

    adapts_each_step: ClassVar[bool] = False

    lambda_pde: float = 1.0
    terms: Mapping[str, float] | None = None
    causal: Causal | None = None
    every: int = field(default=0, init=False)
    balance: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        require("lambda_pde", self.lambda_pde, least=0)
        require("every", self.every, least=0)
        for name, factor in (self.terms or {}).items():
            require(f"terms.{name}", factor, least=0)

    @property
    def needs_residuals(self) -> bool:
        """Whether `after_step` has something to do."""
        return self.adapts_each_step or self.causal is not None

    def begin(self, system: System) -> None:
        """Sets the weights of new blocks; balances stay, weights of points start again."""
        self._check_terms(system)
        self.balance = {block.name: self.balance.get(block.name, 1.0) for block in system.blocks}
        if self.causal is not None:
            self.causal.begin(system)
        self.apply(system)

    def update(self, system: System, step: int) -> None:
        """Adapts the balance of the blocks before a step."""

    def after_step(self, system: System, residuals: Mapping[str, Tensor]) -> None:
        """Adapts to the residuals (N, m) of a step, detached, by block name."""
        if self.causal is not None:
            self.causal.after_step(system, residuals)
        self.apply(system)

    def apply(self, system: System) -> None:
        """Puts the present weights on the blocks."""
        for block in system.blocks:
            block.weight = self.balance.get(block.name, 1.0) * self.fixed(block)
            own = self._point_weights(block)
            causal = None if self.causal is None else self.causal.point_weights(system, block)
            block.point_weights = own if causal is None else causal if own is None else own * causal

    def fixed(self, block: Block) -> float:
        """The weight that the user asked for, without what a scheme adapts."""
        factor = self.lambda_pde if block.kind == "pde" else 1.0
        return factor * (self.terms or {}).get(block.name, 1.0)

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs: texts, numbers, tensors, and dictionaries of them."""
        state: dict[str, Any] = {"scheme": type(self).__name__, "balance": dict(self.balance)}
        if self.causal is not None:
            state["causal"] = self.causal.state_dict()
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Takes up a state; `apply` then puts it on the blocks.

        Raises:
            CheckpointError: the state of another scheme.
        """
        own = type(self).__name__
        written = state.get("scheme", own)
        if written != own:
            raise CheckpointError(f"weighting is {own}, but the checkpoint was written with {written}")
        self.balance = dict(state["balance"])
        if self.causal is not None and "causal" in state:
            self.causal.load_state_dict(state["causal"])

    def _point_weights(self, block: Block) -> Tensor | None:
        """The scheme's own weights of points (N,); None for ones."""
        return None

    def _check_terms(self, system: System) -> None:
        known = [block.name for block in system.blocks]
        unknown = [name for name in self.terms or {} if name not in known]
        if unknown:
            raise ConfigError(
                [f"weighting.terms: there is no block '{name}'; there are: {', '.join(known)}" for name in unknown]
            )


@dataclass(kw_only=True, eq=False)
class Balanced(Weighting):
    """Blocks that pull equally hard: balance_k -> momentum · balance_k + (1 − momentum) · Σ_j size_j / size_k.

    All start at 1. A block of size zero keeps its balance.
    """

    every: int = 100
    momentum: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        require("momentum", self.momentum, least=0, most=1)

    def update(self, system: System, step: int) -> None:
        """Measures the blocks and moves their balances."""
        sizes = {block.name: self.size(system, block) for block in system.blocks}
        bad = [name for name, size in sizes.items() if not math.isfinite(size)]
        if bad:
            raise NonFiniteLoss(f"weighting: the gradient of {', '.join(bad)} is not finite at step {step}")
        total = sum(sizes.values())
        for name, size in sizes.items():
            if size > 0:
                old = self.balance.get(name, 1.0)
                self.balance[name] = self.momentum * old + (1 - self.momentum) * total / size
        self.apply(system)

    def size(self, system: System, block: Block) -> float:
        """How hard a block pulls, without its own weight."""
        raise NotImplementedError


@dataclass(kw_only=True, eq=False)
class Pointwise(Weighting):
    """Every point has a λ of its own, which starts at 1 with every draw and grows with the residual; it counts λ²."""

    adapts_each_step: ClassVar[bool] = True

    masks: dict[str, Tensor] = field(default_factory=dict, init=False, repr=False)

    def begin(self, system: System) -> None:
        """Ones for the new points."""
        self.masks = {block.name: block.points.detach().new_ones(block.count) for block in system.blocks}
        super().begin(system)

    @torch.no_grad()
    def after_step(self, system: System, residuals: Mapping[str, Tensor]) -> None:
        """Moves λ of every point."""
        for block in system.blocks:
            check_count(block, residuals[block.name])
            squares = residuals[block.name].square().sum(1)  # (N,)
            self.masks[block.name] = self.adapt(self.masks[block.name], squares)
        super().after_step(system, residuals)

    def adapt(self, mask: Tensor, squares: Tensor) -> Tensor:
        """The next λ (N,), from the last one and Σ residual² of every point (N,)."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """With λ of every point."""
        return {**super().state_dict(), "masks": {name: mask.clone() for name, mask in self.masks.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """With λ of every point."""
        super().load_state_dict(state)
        self.masks = {name: mask.clone() for name, mask in state["masks"].items()}

    def _point_weights(self, block: Block) -> Tensor | None:
        mask = self.masks.get(block.name, block.points.new_empty(0))
        if len(mask) != block.count:
            raise CheckpointError(
                f"weighting: {len(mask)} weights are known for the points of '{block.name}', but it has {block.count}; "
                "points and weights must come from the same draw"
            )
        self.masks[block.name] = mask.to(block.points)
        return self.masks[block.name].square()


def check_count(block: Block, residuals: Tensor) -> None:
    """Refuses residuals (N, m) of another draw of points."""
    if len(residuals) != block.count:
        raise ValueError(f"{block.name}: expected residuals at {block.count} points, got {len(residuals)}")


def weighted_mean(block: Block, squares: Tensor) -> Tensor:
    """The term of a block in the loss but for its weight: mean over points of point weight · Σ residual², from (N,)."""
    return (squares if block.point_weights is None else squares * block.point_weights).mean()


def squared_gradient(value: Tensor, system: System, *, retain: bool = False) -> float:
    """The squared length of a scalar's gradient with respect to all that is trained."""
    if not value.requires_grad:
        return 0.0
    found = torch.autograd.grad(value, system.parameters(), retain_graph=retain, allow_unused=True)
    squares = [part.square().sum() for part in found if part is not None]
    return float(torch.stack(squares).sum()) if squares else 0.0


def require(key: str, value: float, *, least: float, most: float = math.inf) -> None:
    """Refuses a setting that is not a finite number between `least` and `most`."""
    if not (least <= value <= most and math.isfinite(value)):
        limit = f" and <= {most:g}" if most < math.inf else ""
        raise ConfigError(f"weighting.{key}: expected a number >= {least:g}{limit}, got {value}")
