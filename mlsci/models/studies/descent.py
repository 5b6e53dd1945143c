"""Gradient methods on quadratics and on Rosenbrock's valley: how fast they are, and the way they take."""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor
from torch.optim import LBFGS, SGD, Optimizer

from mlsci.errors import ConfigError
from mlsci.optim.newton import Newton
from mlsci.science.landscapes import Quadratic, Rosenbrock

Make = Callable[[Iterable[Tensor]], Optimizer]
SMALLEST = 1e-100  # distances below it are left out of a rate


class Descent:
    """Rates (N, 3) of gradient descent, heavy ball and Nesterov on quadratics of condition numbers (N, 1).

    All three have the constants that are best for their κ. For the figure every one of `methods` also runs on
    Rosenbrock's function, and those without a best constant on the quadratic of the middle κ.

    Args:
        methods: parameters -> optimizer, by name; with settings for Rosenbrock's function.
        general: names of those that run on the quadratic as they are.
        dimension: of the quadratics.
        rate_steps: most steps of a rate.
        steps: on Rosenbrock's function.
        quadratic_steps: of curves on the quadratic.
        seed: of the quadratics.
    """

    def __init__(
        self,
        *,
        methods: Mapping[str, Make],
        general: Iterable[str] = ("rmsprop", "adam", "lbfgs", "newton"),
        dimension: int = 5,
        rate_steps: int = 1200,
        steps: int = 1500,
        quadratic_steps: int = 300,
        seed: int = 0,
    ):
        self.methods = dict(methods)
        self.general = list(general)
        if unknown := [name for name in self.general if name not in self.methods]:
            raise ConfigError(f"model.study.general: {unknown[0]}: expected one of {', '.join(self.methods)}")
        self.dimension = dimension
        self.rate_steps = rate_steps
        self.steps = steps
        self.quadratic_steps = quadratic_steps
        self.seed = seed
        self.kappa = torch.empty(0)

    def measure(self, cases: Tensor) -> Tensor:
        """Rates of the three methods with the best constants, (N, 3)."""
        self.kappa = cases[:, 0]
        rows = []
        for kappa in self.kappa.tolist():
            paths = [descend(self._quadratic(kappa), make, steps=self.rate_steps) for make in best(kappa).values()]
            rows.append([rate(path.abs().amax(dim=1)) for path in paths])
        return torch.tensor(rows, dtype=torch.float64)

    def _quadratic(self, kappa: float) -> Quadratic:
        return Quadratic(kappa=kappa, dimension=self.dimension, seed=self.seed)

    def curves(self) -> dict[str, Tensor]:
        """Distances to the minimum on the quadratic of the middle κ, and paths (steps + 1, 2) on Rosenbrock's."""
        kappa = float(self.kappa.sort().values[len(self.kappa) // 2])
        quadratic, valley = self._quadratic(kappa), Rosenbrock()
        made = best(kappa) | {name: self.methods[name] for name in self.general}
        found = {"kappa": torch.tensor(kappa)}
        for name, make in made.items():
            path = descend(quadratic, make, steps=self.quadratic_steps)
            found[f"quadratic/{name}"] = path.norm(dim=1) / path[0].norm()
        for name, make in self.methods.items():
            found[f"rosenbrock/{name}"] = descend(valley, make, steps=self.steps)
        return found


def best(kappa: float) -> dict[str, Make]:
    """The methods with the constants that are best for eigenvalues from 1 to κ."""
    root = kappa**0.5
    momentum = (root - 1) / (root + 1)
    return {
        "gradient_descent": lambda p: SGD(p, lr=2 / (1 + kappa)),
        "heavy_ball": lambda p: SGD(p, lr=4 / (1 + root) ** 2, momentum=momentum**2),
        "nesterov": lambda p: SGD(p, lr=1 / kappa, momentum=momentum, nesterov=True),
    }


def descend(landscape: Quadratic | Rosenbrock, make: Make, *, steps: int) -> Tensor:
    """The way x (taken + 1, d) from the start; it ends early where x no longer moves, or is 0."""
    x = landscape.start.clone().requires_grad_()
    optimizer = make([x])

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = landscape(x)
        if not isinstance(optimizer, Newton):
            value.backward()
        return value

    path = [x.detach().clone()]
    for _ in range(steps):
        if isinstance(optimizer, LBFGS | Newton):
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
        path.append(x.detach().clone())
        if torch.equal(path[-1], path[-2]) or path[-1].abs().max() < SMALLEST:
            break
    return torch.stack(path)


def rate(distances: Tensor) -> float:
    """The factor ρ of distances (steps + 1,) that go like nᵃ ρⁿ, from a fit to the last three quarters of them."""
    usable = distances[: int((distances > SMALLEST).sum())]
    n = torch.arange(len(usable), dtype=torch.float64)[len(usable) // 4 :].clamp_min(1)
    terms = torch.stack([torch.ones_like(n), n.log(), n], dim=1)
    return float(torch.linalg.lstsq(terms, usable[-len(n) :, None].log()).solution[2, 0].exp())
