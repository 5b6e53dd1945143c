"""What an equation may be written like: names of derivatives, dry runs, coefficients, conditions."""

from dataclasses import dataclass

import pytest
import torch

from mlsci.errors import ConfigError
from mlsci.science.pde import (
    PDE,
    Coefficient,
    Dirichlet,
    Initial,
    Learn,
    Neumann,
    Observations,
    Periodic,
    Reference,
    Robin,
    Span,
)
from mlsci.science.pde.base import known_parameters
from mlsci.science.pde.fields import Fields, NestedFields, View, stack_residuals
from mlsci.science.pde.names import parse
from mlsci.science.pde.reference import relative_error

XT = ("x", "t")


@dataclass(kw_only=True, eq=False)
class Transport(PDE):
    """u_t + c u_x = k u_xx; what the residual says can be replaced."""

    c: Coefficient = 2.0
    k: Coefficient = 0.5
    coordinates = {"x": (0.0, 1.0), "t": (0.0, 2.0)}  # noqa: RUF012

    def residual(self, f, p):
        return f.u_t + p.c * f.u_x - p.k * f.u_xx


class ByHand(Fields):
    """Made-up values of everything, by field number and multi-index."""

    def __init__(self, values, *, points, normals=None, fields=("u",), coordinates=XT):
        super().__init__(fields=fields, coordinates=coordinates, points=points, normals=normals)
        self.values = values

    def _derivative(self, field, index):
        return self.values[field, index]


POINTS = torch.tensor([[0.0, 0.5], [1.0, 0.5], [0.25, 0.0]], dtype=torch.float64)
U, UX, UT = (torch.tensor(v, dtype=torch.float64) for v in ([1.0, 2.0, 3.0], [0.1, 0.2, 0.3], [5.0, 6.0, 7.0]))
FIELDS = ByHand({(0, (0, 0)): U, (0, (1, 0)): UX, (0, (0, 1)): UT}, points=POINTS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("u", (0, (0, 0))),
        ("v_x", (1, (1, 0))),
        ("u_xxt", (0, (2, 1))),
        ("u_txx", (0, (2, 1))),
        ("u_tt", (0, (0, 2))),
    ],
)
def test_names_of_derivatives(name, expected):
    assert parse(name, fields=("u", "v"), coordinates=XT) == expected


def test_names_with_numbers_underscores_and_common_beginnings():
    assert parse("u_x1x1x2", fields=("u",), coordinates=("x1", "x2")) == (0, (2, 1))
    assert parse("u_xx1x", fields=("u",), coordinates=("x", "x1")) == (0, (2, 1))
    assert parse("c_a_t", fields=("c", "c_a"), coordinates=XT) == (1, (0, 1))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("w", "no field or coordinate 'w'.*Fields: u, velocity; coordinates: x, t; derivatives: u_x"),
        ("velocty_x", "no field or coordinate 'velocty_x'; did you mean 'velocity'"),
        ("u_xy", "'u_xy': no coordinate starts 'y'. Coordinates: x, t"),
    ],
)
def test_a_name_that_means_nothing_says_what_there_is(name, message):
    with pytest.raises(ConfigError, match=message):
        parse(name, fields=("u", "velocity"), coordinates=XT)


def test_a_dry_run_finds_the_derivatives_that_are_read():
    assert Transport().derivatives() == {(0, 1), (1, 0), (2, 0)}


class Wrong(Transport):
    """Residuals that nobody should write, by number."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def residual(self, f, p):
        return (
            lambda: f.u_y,
            lambda: p.nu * f.u,
            lambda: f.u.sum(),
            lambda: "u",
            lambda: f.normal("u"),
            lambda: f._private,
        )[self.number]()


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (0, "no coordinate starts 'y'"),
        (1, "no coefficient 'nu'; there are: c, k"),
        (2, r"expected one value a point, \(3,\), got \(\)"),
        (3, r"expected one value a point, \(3,\), got str"),
        (4, "lie on no boundary"),
        (5, "_private"),
    ],
)
def test_a_dry_run_refuses_what_cannot_be_evaluated(number, message):
    with pytest.raises(ConfigError, match=message):
        Wrong(number).derivatives()


def test_an_equation_without_residual_says_so():
    with pytest.raises(NotImplementedError, match=r"PDE has no residual\(f, p\)"):
        PDE().residual(FIELDS, None)


def test_several_residuals_are_columns():
    for several in ([U, UX], (U, UX), {"a": U, "b": UX}):
        assert torch.equal(stack_residuals(several, name="pde", count=3), torch.stack([U, UX], dim=1))
    assert stack_residuals(U, name="pde", count=3).shape == (3, 1)


def test_nested_fields_read_derivatives_in_any_order():
    points = POINTS.clone().requires_grad_()
    values = torch.stack([points[:, 0] ** 3 * points[:, 1] ** 2, points[:, 0] * 0 + 4], dim=1)
    f = NestedFields(values=values, fields=("u", "v"), coordinates=XT, points=points)
    x, t = POINTS.T
    torch.testing.assert_close(f.u_xxt, 12 * x * t)
    torch.testing.assert_close(f("u_tt"), 2 * x**3)
    assert torch.equal(f.v_xx, torch.zeros(3, dtype=torch.float64))
    assert torch.equal(f.x, x)
    constant = NestedFields(values=torch.ones(3, 1), fields=("u",), coordinates=XT, points=points)
    assert torch.equal(constant.u_t, torch.zeros(3, dtype=torch.float64))


def test_views_name_their_columns():
    view = View(POINTS, XT)
    assert torch.equal(view.t, POINTS[:, 1])
    with pytest.raises(AttributeError, match="'y' is none of x, t"):
        _ = view.y


def test_learned_coefficients_are_unknowns_and_spans_are_inputs():
    pde = Transport(c=Learn(initial=1.0, truth=2.0), k=Span(low=0.1, high=0.4))
    assert list(pde.learned) == ["c"]
    assert pde.inputs == {"x": (0.0, 1.0), "t": (0.0, 2.0), "k": (0.1, 0.4)}
    assert pde.derivatives() == {(0, 1, 0), (1, 0, 0), (2, 0, 0)}
    points = torch.rand(4, 3)
    p = known_parameters(pde, points, {"c": torch.tensor(7.0)})
    assert float(p.c) == 7.0
    assert torch.equal(p.k, points[:, 2])
    assert known_parameters(pde, points).c == 2.0
    assert known_parameters(Transport(c=Learn(initial=1.0)), points).c == 1.0


@pytest.mark.parametrize("ends", [(1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0)])
def test_an_empty_span_is_refused(ends):
    with pytest.raises(ConfigError, match="low < high"):
        Span(low=ends[0], high=ends[1])


def rows(condition, fields=FIELDS):
    """What the equation of a condition says."""
    return stack_residuals(condition.equation(fields, None), name=condition.name, count=3)[:, 0]


def test_initial_values_and_velocities():
    value = Initial(u=lambda c: c.x + 1)
    assert torch.equal(rows(value), U - POINTS[:, 0] - 1)
    assert (value.kind, value.at, value.hard) == ("initial", {"t": 0.0}, True)
    velocity = Initial(u=0.0, u_t=4.0)
    assert torch.equal(stack_residuals(velocity.equation(FIELDS, None), name="i", count=3)[:, 1], UT - 4)
    assert not velocity.hard
    assert Initial(t="time", start=3.0, u=0.0, hard=False).at == {"time": 3.0}


def test_dirichlet_on_a_face_or_everywhere():
    face = Dirichlet(at={"x": 1.0}, u=2.0)
    assert (face.name, face.at, face.boundary, face.kind) == ("dirichlet_x1", {"x": 1.0}, False, "boundary")
    assert torch.equal(rows(face), U - 2)
    everywhere = Dirichlet(u=0.0, name="walls", hard=True)
    assert (everywhere.name, everywhere.boundary, everywhere.hard) == ("walls", True, True)


NORMALS = torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, -1.0]], dtype=torch.float64)
OUTWARD = torch.stack([-UX[0], UX[1], -UT[2]])


def test_neumann_and_robin_know_the_outward_normal():
    fields = ByHand(FIELDS.values, points=POINTS, normals=NORMALS)
    torch.testing.assert_close(rows(Neumann(u=3.0), fields), OUTWARD - 3)
    torch.testing.assert_close(
        rows(Robin(value=2.0, slope=-0.5, u=lambda c: c.t), fields), 2 * U - 0.5 * OUTWARD - POINTS[:, 1]
    )
    with pytest.raises(ValueError, match="lie on no boundary"):
        rows(Neumann(u=3.0))


def test_periodic_gives_what_has_to_agree():
    condition = Periodic("x", "u", "u_x")
    assert (condition.pair, condition.name) == ("x", "periodic_x")
    assert torch.equal(torch.stack(condition.equation(FIELDS, None)), torch.stack([U, UX]))


def test_observations_compare_with_what_was_measured():
    condition = Observations(points=POINTS, values={"u": torch.tensor([1.0, 1.0, 1.0])}, noise=0.1)
    assert torch.equal(rows(condition), U - 1)
    assert (condition.kind, condition.count, condition.noise) == ("data", 3, 0.1)


@pytest.mark.parametrize(
    ("values", "message"),
    [([1.0, 2.0], r"3 points of 'data', but \(2,\) values of 'u'"), ([1.0, 2.0, float("nan")], "NaN or infinity")],
)
def test_bad_observations_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        Observations(points=POINTS, values={"u": torch.tensor(values)})


def test_a_reference_on_a_grid_runs_in_the_order_of_its_axes():
    x, t = torch.tensor([0.0, 0.5, 1.0]).double().numpy(), torch.tensor([0.0, 2.0]).double().numpy()
    values = (x[:, None] + 10 * t[None, :])[..., None]
    known = Reference.on_grid({"x": x, "t": t}, values, self_error=0.0, source="closed form")
    torch.testing.assert_close(known.values[:, 0], known.points[:, 0] + 10 * known.points[:, 1])
    assert relative_error(1.1 * known.values, known.values) == pytest.approx(0.1)
    with pytest.raises(ValueError, match=r"grid \(3, 2\) and a field axis, got \(3, 2\)"):
        Reference.on_grid({"x": x, "t": t}, values[..., 0], self_error=0.0, source="closed form")
