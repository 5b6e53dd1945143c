"""Energies of atoms and their gradient by the vectors of pairs: compiled where that pays, on a GPU as CUDA graphs.

torch.compile cannot differentiate a gradient. So the energy and its gradient are first traced to one graph of plain
operations (make_fx), and this graph, which is differentiated once more by the weights, is compiled.
"""

import shutil
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx

from mlsci.models.captured_energy import Captured, Energies

PAYS_AFTER = 3000  # steps: compilation costs some 170 CPU-seconds, and saves half of a step


class Kernel:
    """(species, pair_index, vectors) -> (energies (N,), d Σ energies / d vectors (P, 3)) of each net in turn.

    Args:
        nets: the members of an ensemble.
        compile: compile what is differentiated by the weights; "auto" decides by `steps`, and captures CUDA graphs
            where the weights are on a GPU.
        steps: optimizer steps of the training.
        cutoff: pairs beyond it add nothing to the energies, in the units of the vectors.

    Attributes:
        fast: also compile or capture answers that are only read: dynamics of thousands of steps, not one structure.
    """

    def __init__(self, nets: nn.ModuleList, *, compile: bool | Literal["auto"], steps: int, cutoff: float):
        self.nets = list(nets)
        self.wanted = compile
        self.steps = steps
        self.fast = False
        self.capturable = True
        self.captured = Captured(cutoff=cutoff)
        self._compiled: Energies | None = None
        self._compiled_answers: Energies | None = None
        self._weights: dict[nn.Module, list[Tensor]] = {}

    def __call__(
        self, species: Tensor, pair_index: Tensor, vectors: Tensor, *, graph: bool
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """`graph`: the answers are to be differentiated by the weights."""
        for net in self.nets:
            if self._captures(vectors, graph=graph):
                yield self._by_cuda_graph(net, species, pair_index, vectors, graph=graph)
            elif graph and self._compiles(vectors):
                run = self._by_graph(net, species, pair_index, vectors)
                yield run(list(net.parameters()), species, pair_index, vectors)
            elif not graph and self.fast and vectors.shape[0] > 1:
                yield self._answers(net, species, pair_index, vectors)
            else:
                yield with_gradient(partial(net, species, pair_index), vectors, graph=graph)

    def forget(self) -> None:
        """Trace anew at the next call, as buffers of the nets are built into the graphs."""
        self._compiled = self._compiled_answers = None
        self.captured.forget()

    def _captures(self, vectors: Tensor, *, graph: bool) -> bool:
        if not vectors.is_cuda or torch.is_autocast_enabled("cuda"):  # its cast weights are kept between calls
            return False
        return self.capturable and (self.wanted == "auto" if graph else self.fast)

    def _by_cuda_graph(self, net: nn.Module, *inputs: Tensor, graph: bool) -> tuple[Tensor, Tensor]:
        """By the net itself where it does what no CUDA graph can hold."""
        try:
            return self.captured(net, _of_weights(net, graph=graph), *inputs, graph=graph)
        except torch.AcceleratorError as error:
            warnings.warn(f"{type(net).__name__} goes on without CUDA graphs, more slowly: {error}", stacklevel=2)
            self.wanted = self.fast = self.capturable = False
            return with_gradient(partial(net, *inputs[:2]), inputs[2], graph=graph)

    def _compiles(self, vectors: Tensor) -> bool:
        if self.wanted != "auto" or self._compiled is not None:
            return bool(self.wanted)
        if vectors.shape[0] < 2:
            return False  # sizes of 0 and 1 would be built into the graph
        on_cpu_without_compiler = vectors.device.type == "cpu" and shutil.which("g++") is None
        if on_cpu_without_compiler or self.steps < PAYS_AFTER:
            self.wanted = False
        return bool(self.wanted)

    def _by_graph(self, net: nn.Module, *inputs: Tensor) -> Energies:
        """One graph serves all members, as the weights are among its inputs."""
        if self._compiled is None:
            self._compiled = torch.compile(traced(net, *inputs), dynamic=True)
        return self._compiled

    def _answers(self, net: nn.Module, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        """By a graph that nobody differentiates: a quarter of the time of the net itself."""
        if self._compiled_answers is None:
            self._compiled_answers = torch.compile(traced(net, *inputs, graph=False), dynamic=True)
            self._weights = {one: list(one.parameters()) for one in self.nets}
        with torch.no_grad():
            return self._compiled_answers(self._weights[net], *inputs)


def traced(net: nn.Module, species: Tensor, pair_index: Tensor, vectors: Tensor, *, graph: bool = True) -> nn.Module:
    """Energies and their gradient as one graph of plain operations, for any number of atoms and pairs.

    `graph`: it can be differentiated once more, by the weights.
    """
    trace = make_fx(_of_weights(net, graph=graph), tracing_mode="symbolic", _allow_non_fake_inputs=True)
    found = trace(list(net.parameters()), species, pair_index, vectors)
    found.graph.eliminate_dead_code()
    found.recompile()
    return found


def _of_weights(net: nn.Module, *, graph: bool) -> Energies:
    """Energies and their gradient as a function of the weights too."""
    names = [name for name, _ in net.named_parameters()]

    def both(weights: list[Tensor], species: Tensor, pair_index: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor]:
        by_name = dict(zip(names, weights, strict=True))
        energies = lambda v: torch.func.functional_call(net, by_name, (species, pair_index, v))  # noqa: E731
        return with_gradient(energies, vectors, graph=graph)

    return both


def with_gradient(energies: Callable[[Tensor], Tensor], vectors: Tensor, *, graph: bool) -> tuple[Tensor, Tensor]:
    """Energies and the gradient of their sum by the vectors; also where gradients are switched off."""
    with torch.enable_grad():
        inputs = vectors.detach().requires_grad_(True)
        found = energies(inputs)
        (gradient,) = torch.autograd.grad(found.sum(), inputs, create_graph=graph)
    return found, gradient
