"""Energies of atoms and their gradient as CUDA graphs: a GPU is shown the work once, and repeats it for other numbers.

A step of a small potential is a thousand short kernels, which take longer to launch than to run. A CUDA graph
launches them all at once. It has fixed sizes, so batches are filled up to the next of a few: with atoms that have no
neighbours, and pairs beyond the cutoff.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

AT_MOST = 24  # sizes that are kept; the oldest goes first
WARMUPS = 3  # calls before the one that is captured: libraries set themselves up in them

Energies = Callable[[list[Tensor], Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass
class Memory:
    """What the graphs of one net share: the GPU's memory, and whose turn it is, as each writes over the others."""

    pool: Any
    turn: int = 0


class Captured:
    """(net, energies, species, pair_index, vectors) -> (energies (N,), d Σ energies / d vectors (P, 3)), on a GPU.

    The results can be differentiated once by the weights where `graph` says so, before the net is called again.

    Args:
        cutoff: pairs beyond it add nothing, in the units of the vectors.
    """

    def __init__(self, *, cutoff: float):
        self.cutoff = cutoff
        self._recorded: dict[tuple[Any, ...], Recorded] = {}
        self._memory: dict[nn.Module, Memory] = {}

    def forget(self) -> None:
        """Capture anew at the next call, as the tensors of the nets have moved."""
        self._recorded, self._memory = {}, {}

    def __call__(self, net: nn.Module, energies: Energies, *inputs: Tensor, graph: bool) -> tuple[Tensor, Tensor]:
        """`energies`: (weights, species, pair_index, vectors) -> both results, for the weights of the net."""
        species, _, vectors = inputs
        weights = list(net.parameters())
        sizes = room(species.shape[0]), room(vectors.shape[0])
        key = (net, net.training, graph, *sizes)
        if key not in self._recorded:
            memory = self._memory.setdefault(net, Memory(torch.cuda.graph_pool_handle()))
            padded = filled(*inputs, atoms=sizes[0], pairs=sizes[1], cutoff=self.cutoff)
            while len(self._recorded) >= AT_MOST:
                del self._recorded[next(iter(self._recorded))]
            self._recorded[key] = Recorded(
                energies, weights, padded, memory=memory, graph=graph, far=self.cutoff, kept=list(net.buffers())
            )
        recorded = self._recorded[key]
        if graph:
            return _Replay.apply(recorded, inputs, *weights)
        return recorded.forward(inputs, weights)


class Recorded:
    """A function of some sizes as a CUDA graph, and its derivative by the weights as another.

    A graph reads where its tensors lay when it was captured: `kept` are the net's own, which must stay there.
    """

    def __init__(
        self,
        energies: Energies,
        weights: Sequence[Tensor],
        inputs: Sequence[Tensor],
        *,
        memory: Memory,
        graph: bool,
        far: float,
        kept: Sequence[Tensor],
    ):
        self.memory, self.far, self.kept = memory, far, kept
        self.weights = [weight.detach().clone().requires_grad_(graph) for weight in weights]
        self.inputs = [one.clone() for one in inputs]
        self._warm_up(energies, graph=graph)
        self.run = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.run, pool=memory.pool):
            found = energies(self.weights, *self.inputs)
        self.outputs = [one.detach() for one in found]
        if graph:
            self.given = [torch.zeros_like(one) for one in self.outputs]
            self.run_back = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.run_back, pool=memory.pool):
                self.slopes = torch.autograd.grad(found, self.weights, self.given, allow_unused=True)

    def forward(self, inputs: Sequence[Tensor], weights: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """The results for other numbers."""
        species, pair_index, vectors = inputs
        atoms, pairs = species.shape[0], vectors.shape[0]
        with torch.no_grad():
            torch._foreach_copy_(self.weights, list(weights))
            self.inputs[0][:atoms].copy_(species)  # what follows are atoms of some element, without pairs
            self.inputs[1][:, :pairs].copy_(pair_index)
            self.inputs[1][:, pairs:] = 0
            self.inputs[2][:pairs].copy_(vectors)
            self.inputs[2][pairs:] = self.far
            self.memory.turn += 1
            self.run.replay()
            return self.outputs[0][:atoms].clone(), self.outputs[1][:pairs].clone()

    def backward(self, given: Sequence[Tensor]) -> list[Tensor | None]:
        """The slopes of the last `forward` by the weights, where the results have the slopes `given`."""
        for kept, some in zip(self.given, given, strict=True):
            kept[: len(some)].copy_(some)
            kept[len(some) :] = 0
        self.run_back.replay()
        known = [slope for slope in self.slopes if slope is not None]
        copies = iter(torch._foreach_mul(known, 1.0))  # the next replay writes over them
        return [None if slope is None else next(copies) for slope in self.slopes]

    def _warm_up(self, energies: Energies, *, graph: bool) -> None:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARMUPS):
                found = energies(self.weights, *self.inputs)
                if graph:
                    torch.autograd.grad(found, self.weights, [torch.ones_like(one) for one in found], allow_unused=True)
        torch.cuda.current_stream().wait_stream(stream)


class _Replay(torch.autograd.Function):
    """`Recorded` as autograd sees it: a function of the weights."""

    @staticmethod
    def forward(ctx: Any, recorded: Recorded, inputs: Sequence[Tensor], *weights: Tensor) -> tuple[Tensor, Tensor]:
        found = recorded.forward(inputs, weights)
        ctx.recorded, ctx.turn = recorded, recorded.memory.turn
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *given: Tensor) -> tuple[Any, ...]:
        if ctx.turn != ctx.recorded.memory.turn:
            raise RuntimeError(
                "a loss of CUDA graphs must be differentiated before the next one is made; model.compile=false has none"
            )
        return None, None, *ctx.recorded.backward(given)


def room(count: int) -> int:
    """The next of a few sizes at or above `count`: at most an eighth larger, from 8 on."""
    step = 1 << max((count - 1).bit_length() - 4, 0)
    return max(-(-count // step) * step, 8)


def filled(
    species: Tensor, pair_index: Tensor, vectors: Tensor, *, atoms: int, pairs: int, cutoff: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The same with more atoms, of the first element and without neighbours, and pairs at 1.7 cutoffs of atom 0."""
    pad = torch.nn.functional.pad
    extra = pairs - vectors.shape[0]
    return (
        pad(species, (0, atoms - species.shape[0])),
        pad(pair_index, (0, extra)),
        pad(vectors, (0, 0, 0, extra), value=cutoff),
    )
