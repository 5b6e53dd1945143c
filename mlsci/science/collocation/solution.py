"""The solution of an equation as a net: time windows, embedding, net, hard constraint."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mlsci.errors import ConfigError
from mlsci.science.collocation.constraint import Constraint, Place
from mlsci.science.jets import Jet, Layout, coordinates
from mlsci.science.pde.base import PDE
from mlsci.science.pde.fields import View


@dataclass(frozen=True)
class Prepared:
    """What does not change while the net learns: embedded points, and the ansatz as offset + factor · net."""

    embedded: Jet
    offset: Jet | None
    factor: Jet | None
    place: Place


class Solution(nn.Module):
    """Fields (N, fields) at points (N, inputs), as tensors or as jets.

    With K time windows, window k has its own net that starts from the end of window k − 1; `net` is the one in
    training, `past` keeps those that are done.

    Args:
        pde: the equation.
        net: embedded points -> one output a field.
        embedding: points -> features.
        constraint: how the net's outputs become fields.
        windows: number of equal time windows.

    Raises:
        ConfigError: several windows for an equation of second order in time.
    """

    window: Tensor

    def __init__(self, *, pde: PDE, net: nn.Module, embedding: nn.Module, constraint: Constraint, windows: int = 1):
        super().__init__()
        self.pde = pde
        self.net = net
        self.embedding = embedding
        self.constraint = constraint
        self.past = nn.ModuleList([deepcopy(net).requires_grad_(False) for _ in range(windows - 1)])
        self.names = tuple(pde.inputs)
        self.register_buffer("window", torch.zeros((), dtype=torch.long))
        self._index = 0
        if windows > 1:
            _refuse_second_order(pde)
        low, high = pde.inputs[pde.time] if windows > 1 else (0.0, 1.0)
        self.edges = [low + (high - low) * k / windows for k in range(windows + 1)]

    @property
    def index(self) -> int:
        """The number of the window in training."""
        return self._index

    @index.setter
    def index(self, value: int) -> None:
        self._index = value
        self.window.fill_(value)

    def _load_from_state_dict(self, *arguments: Any) -> None:
        super()._load_from_state_dict(*arguments)
        self._index = int(self.window)

    @property
    def windows(self) -> int:
        """The number of time windows."""
        return len(self.past) + 1

    def advance(self) -> None:
        """Keep the trained net as that of its window, and go on with the next one from its weights."""
        self.past[self.index].load_state_dict(self.net.state_dict())
        self.index = self.index + 1

    def forward(self, points: Tensor) -> Tensor:
        """The fields at any points, every one from the net of its window."""
        if self.windows == 1:
            return self.at(points, 0)
        time = points[:, self.names.index(self.pde.time)]
        inner = torch.tensor(self.edges[1:-1], dtype=points.dtype, device=points.device)
        owner = torch.bucketize(time.contiguous(), inner, right=False).clamp(max=self.index)
        parts, order = [], []
        for k in range(self.index + 1):
            rows = torch.nonzero(owner == k).flatten()
            if len(rows):
                parts.append(self.at(points[rows], k))
                order.append(rows)
        return torch.cat(parts)[torch.argsort(torch.cat(order))]

    def at(self, x: Any, window: int) -> Any:
        """The fields by the net of one window."""
        net = self.net if window == self.index else self.past[window]
        place = self.place(x, window)
        return self.constrained(self.modulated(net(self.embed(x, window)), place), place)

    def embed(self, x: Any, window: int) -> Any:
        """The net's inputs: time goes from the start to the end of the domain within every window."""
        if self.windows > 1:
            x = x * self._row(1.0, self.windows, x) + self._row(0.0, self._shift(window), x)
        return self.embedding(x)

    def modulated(self, outputs: Any, place: Place) -> Any:
        """n₀ + n₁ q₁ + n₂ q₂ + ... with the carriers q, from (N, (1 + carriers) · fields) to (N, fields)."""
        count = len(self.pde.fields)
        found = outputs if not place.carriers else outputs[:, :count]
        for number, carrier in enumerate(place.carriers, start=1):
            found = found + carrier * outputs[:, number * count : (number + 1) * count]
        return found

    def constrained(self, outputs: Any, place: Place) -> Any:
        """The net's modulated outputs (N, fields) turned into fields (N, fields)."""
        if place.parity is not None:
            outputs = place.parity * outputs
        return self.constraint(self.pde, View(outputs, self.pde.fields), place)

    def place(self, x: Any, window: int) -> Place:
        """Coordinates with what the ansatz may need: time since the start, the state there, parities and carriers."""
        carriers = [column[:, None] for column in self.pde.carriers(View(x, self.names))]
        parity = self._parity(x)
        if self.pde.time not in self.names:
            return Place(x, self.names, parity=parity, carriers=carriers)
        start = self.edges[window] if self.windows > 1 else self.pde.inputs[self.pde.time][0]
        elapsed = x[:, self.names.index(self.pde.time)] - start
        before = x * self._row(1.0, 0.0, x) + self._row(0.0, start, x)
        initial = self._first_state(x) if window == 0 else self.at(before, window - 1)
        if initial is not None:
            initial = View(self._moved_on(initial, x, before), self.pde.fields)
        return Place(x, self.names, elapsed=elapsed, initial=initial, parity=parity, carriers=carriers)

    def _parity(self, x: Any) -> Any:
        """For every field the sines that make it odd in mirrored coordinates, (N, fields); None if all are even."""
        factors: dict[str, Any] = {}
        for name, mirror in self.pde.mirrors.items():
            low, high = self.pde.inputs[name]
            sine = torch.sin((2 * math.pi / (high - low)) * (x[:, self.names.index(name)] - mirror.at))
            factors |= {field: sine * factors.get(field, 1.0) for field in mirror.odd}
        return self._columns(tuple(factors.get(field, 1.0) for field in self.pde.fields), x) if factors else None

    def _moved_on(self, initial: Any, x: Any, before: Any) -> Any:
        """The fields (N, fields) at the start, with what the background has changed by since."""
        now, then = (self._columns(self.pde.background(View(at, self.names)), at) for at in (x, before))
        return initial if now is None else initial + now - then

    def prepare(self, points: Tensor, layout: Layout) -> Prepared:
        """Everything at these points that does not depend on the net in training."""
        with torch.no_grad():
            x = coordinates(points, layout)
            place, embedded = self.place(x, self.index), self.embed(x, self.index)
            zero = Jet(x.streams.new_zeros(len(layout.indices), len(points), len(self.pde.fields)), layout)
            one = Jet(zero.streams.clone(), layout)
            one.streams[0] = 1
            offset = self.constrained(zero, place)
            factor = self.constrained(one, place) - offset
            if not self._affine(offset, factor, place):
                return Prepared(embedded, None, None, place)
            return Prepared(embedded, offset, factor, place)

    def prepared(self, known: Prepared) -> Jet:
        """The fields in training at prepared points."""
        outputs = self.modulated(self.net(known.embedded), known.place)
        if known.offset is None:
            return self.constrained(outputs, known.place)
        return known.offset + known.factor * outputs

    def _affine(self, offset: Jet, factor: Jet, place: Place) -> bool:
        """Whether the ansatz is offset + factor · net, field by field; if not it's evaluated as it stands."""
        streams = offset.streams
        random = torch.rand(streams.shape, generator=torch.Generator().manual_seed(0), dtype=streams.dtype)
        probe = Jet(random.to(streams.device), offset.layout)
        found, expected = self.constrained(probe, place), offset + factor * probe
        return bool(torch.allclose(found.streams, expected.streams, rtol=1e-9, atol=1e-9))

    def _first_state(self, x: Any) -> Any:
        return self._columns(self.pde.initial(View(x, self.names)), x)

    def _columns(self, stated: Any, x: Any) -> Any:
        """What an equation states of its fields, (N, fields); a number holds everywhere."""
        if stated is None:
            return None
        values = stated if isinstance(stated, tuple) else (stated,)
        columns = [value if getattr(value, "ndim", 0) else x[:, 0] * 0 + value for value in values]
        return torch.stack(columns, dim=1)

    def _row(self, others: float, time: float, x: Any) -> Tensor:
        row = torch.full((len(self.names),), others, dtype=x.dtype, device=x.device)
        row[self.names.index(self.pde.time)] = time
        return row

    def _shift(self, window: int) -> float:
        return self.edges[0] - self.windows * self.edges[window]


def _refuse_second_order(pde: PDE) -> None:
    """A window starts from the values at the end of the one before, and knows nothing of their velocity."""
    time = list(pde.inputs).index(pde.time) if pde.time in pde.inputs else None
    if time is not None and any(index[time] > 1 for index in pde.derivatives()):
        raise ConfigError(f"window: {type(pde).__name__} is of second order in time and takes one window only")
