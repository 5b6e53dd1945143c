"""A simulation that goes wrong stops at the right step, names the atom, and has given out what was good."""

import math
import re

import pytest
import torch
from torch import Tensor

from mlsci.errors import ConfigError, MlsciError
from mlsci.science.dynamics.limits import Exploded, Limits
from mlsci.science.dynamics.simulation import states
from mlsci.science.dynamics.system import Answer, System, begin
from mlsci.science.dynamics.verlet import Verlet

TWO = System(masses=torch.ones(4), replica=torch.tensor([0, 0, 1, 1]))


def run(change, limits: Limits | None = None) -> tuple[list[int], str, int]:
    """Ten quiet steps, but for what `change` does to the answer of the fourth."""
    calls = []

    def field(positions: Tensor) -> Answer:
        calls.append(1)
        quiet = Answer(torch.zeros(2, dtype=torch.float64), torch.zeros_like(positions))
        return change(quiet) if len(calls) == 5 else quiet

    good = []
    start = begin(torch.zeros(4, 3), torch.zeros(4, 3), field=field)
    path = states(start, steps=10, system=TWO, integrator=Verlet(timestep=1), field=field, limits=limits or Limits())
    with pytest.raises(Exploded) as caught:
        good.extend(state.step for state in path)
    return good, str(caught.value), caught.value.step


def forces(value: float) -> Tensor:
    """Zero but for the second atom of the second replica."""
    found = torch.zeros(4, 3, dtype=torch.float64)
    found[3, 1] = value
    return found


@pytest.mark.parametrize(
    ("change", "limits", "words"),
    [
        (lambda a: a._replace(forces=forces(math.nan)), None, "replica 1: atom 1 has a force that is no number"),
        (lambda a: a._replace(forces=forces(math.inf)), None, "replica 1: atom 1 has a force that is no number"),
        (lambda a: a._replace(forces=forces(-150)), None, "atom 1 has a force of 150 eV/Å, more than max_force=100"),
        (lambda a: a._replace(energy=torch.tensor([0, math.nan])), None, "an energy that is no number"),
        (lambda a: a._replace(shortest=0.3), None, "two atoms 0.3 Å apart, nearer than min_distance=0.4"),
        (
            lambda a: a._replace(force_std=forces(2)[:, 1]),
            Limits(max_std=1),
            "replica 1: atom 1 has forces uncertain by 2 eV/Å, more than max_std=1",
        ),
        (
            lambda a: a._replace(forces=forces(90)),
            Limits(max_temperature=1e3),
            r"replica 1: \d.* K, more than max_temperature=1000",
        ),
    ],
)
def test_what_goes_too_far_stops_the_simulation(change, limits, words):
    good, message, step = run(change, limits)
    assert good == [0, 1, 2, 3]
    assert step == 4
    assert message.startswith("step 4: ")
    assert re.search(words, message)


def test_limits_that_are_off_let_everything_finite_through():
    off = Limits(max_force=math.inf, min_distance=0)
    state = begin(
        torch.zeros(4, 3),
        torch.zeros(4, 3),
        field=lambda x: Answer(torch.zeros(2), 1e6 * torch.ones_like(x), None, 0.0),
    )
    off.check(state, TWO)


def test_a_bad_start_is_given_out_to_nobody():
    state = begin(torch.zeros(4, 3), torch.zeros(4, 3), field=lambda x: Answer(torch.zeros(2), math.nan * x))
    with pytest.raises(MlsciError, match="step 0: replica 0: atom 0 has a force that is no number"):
        next(states(state, steps=1, system=TWO, integrator=Verlet(timestep=1), field=None))


@pytest.mark.parametrize("name", ["max_force", "max_std", "max_temperature", "min_distance"])
def test_a_limit_must_be_positive(name):
    with pytest.raises(ConfigError, match=f"{name}: expected a number (above|of at least) 0, got -1"):
        Limits(**{name: -1.0})
