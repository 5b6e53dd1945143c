import pytest
import torch
from torch import Tensor, nn

from mlsci.errors import ConfigError
from mlsci.optim import soap
from mlsci.optim.soap import SOAP


def identity(symmetric: Tensor) -> Tensor:
    return torch.eye(symmetric.shape[-1], dtype=symmetric.dtype).expand_as(symmetric)


def matrix(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def orthogonal(size: int, *, seed: int) -> Tensor:
    return torch.linalg.qr(matrix(size, size, seed=seed)).Q


@pytest.mark.parametrize("more", [{"max_precondition_dim": 1}, {"precondition_frequency": 1000}], ids=str)
def test_in_the_identity_basis_it_is_adamw(monkeypatch, problem, more):
    monkeypatch.setattr(soap, "_eigenvectors", identity)
    ours, torchs = problem("regression"), problem("regression")
    options = {"lr": 1e-2, "betas": (0.9, 0.99), "weight_decay": 0.1}
    optimizer = SOAP(ours.parameters, precondition_1d=True, **options, **more)
    adam = torch.optim.AdamW(torchs.parameters, **options)
    for _ in range(60):
        optimizer.step(ours.closure)
        adam.step(torchs.closure)
    for a, b in zip(ours.parameters, torchs.parameters, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-13)


def mini_batches(make) -> float:
    """What is left of the loss of a linear regression whose inputs and outputs are rotated and ill-conditioned."""
    generator = torch.Generator().manual_seed(0)
    scale = torch.logspace(0, -2, 8, dtype=torch.float64)
    inputs, outputs = orthogonal(8, seed=1) * scale, orthogonal(8, seed=2) * scale
    goal, W = 0.3 * matrix(8, 8), nn.Parameter(torch.zeros(8, 8, dtype=torch.float64))
    optimizer = make([W])
    fall = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=300)
    for _ in range(300):
        x = torch.randn(16, 8, generator=generator, dtype=torch.float64) @ inputs.T  # (B, 8)
        optimizer.zero_grad()
        (x @ (W - goal).T @ outputs).square().mean().backward()
        optimizer.step()
        fall.step()
    left = (outputs.T @ (W - goal) @ inputs).square().sum() / (outputs.T @ goal @ inputs).square().sum()
    return left.item()


def test_on_a_rotated_ill_conditioned_problem_it_beats_adam_by_far():
    adam = mini_batches(lambda p: torch.optim.Adam(p, lr=3e-2, betas=(0.95, 0.95)))
    assert mini_batches(lambda p: SOAP(p, lr=3e-2)) < 0.02 * adam


def test_the_first_step_is_the_polar_factor_of_the_gradient():
    G = matrix(5, 3)
    W = nn.Parameter(torch.zeros(5, 3, dtype=torch.float64))
    W.grad = G.clone()
    SOAP([W], lr=0.1, eps=1e-7).step()
    U, _, Vh = torch.linalg.svd(G, full_matrices=False)
    torch.testing.assert_close(
        W.detach(), -0.1 * U @ Vh, rtol=1e-5, atol=1e-7
    )  # in the gradient's own basis Adam sees singular values


def test_a_rotated_problem_is_solved_by_the_rotated_path():
    left, right = orthogonal(4, seed=1), orthogonal(4, seed=2)
    paths = []
    for turned in (False, True):
        W = nn.Parameter(torch.zeros(4, 4, dtype=torch.float64))  # square: no null space, whose basis is anybody's
        optimizer = SOAP([W], lr=0.1, precondition_frequency=2)
        for step in range(12):
            pull = matrix(4, 4, seed=10 + step)
            W.grad = W.detach() - (left @ pull @ right.T if turned else pull)
            optimizer.step()
        paths.append(W.detach())
    torch.testing.assert_close(left @ paths[0] @ right.T, paths[1], rtol=1e-6, atol=1e-8)


def test_turning_the_bases_leaves_the_first_moment_and_the_sum_of_the_second():
    W = nn.Parameter(torch.zeros(6, 4, dtype=torch.float64))
    optimizer = SOAP([W], precondition_frequency=1000)
    for step in range(20):
        W.grad = matrix(6, 4, seed=step)
        optimizer.step()
    state = optimizer.state[W]
    mean, total, bases = soap._back(state["exp_avg"], state), state["exp_avg_sq"].sum(), state["basis_left"].clone()
    for side in soap.SIDES:
        soap._turn(state, side)
    assert not torch.allclose(state["basis_left"], bases, atol=0.1)
    torch.testing.assert_close(soap._back(state["exp_avg"], state), mean)
    torch.testing.assert_close(state["exp_avg_sq"].sum(), total)


def test_a_change_of_order_takes_the_moments_along():
    m, v = matrix(3, 2), matrix(3, 2, seed=1).square()
    mean = torch.tensor([1.0, 3.0, 2.0], dtype=torch.float64).diag()
    state = {"mean_left": mean, "basis_left": torch.eye(3, dtype=torch.float64), "exp_avg": m, "exp_avg_sq": v}
    soap._turn(state, "left")
    torch.testing.assert_close(state["exp_avg"].abs(), m[[1, 2, 0]].abs())
    torch.testing.assert_close(state["exp_avg_sq"], v[[1, 2, 0]])
    state = {"mean_right": mean, "basis_right": torch.eye(3, dtype=torch.float64), "exp_avg": m.T, "exp_avg_sq": v.T}
    soap._turn(state, "right")
    torch.testing.assert_close(state["exp_avg_sq"], v[[1, 2, 0]].T)


def test_power_iterations_find_the_eigenvectors():
    W = nn.Parameter(torch.zeros(4, 4, dtype=torch.float64))
    optimizer = SOAP([W], lr=0.0, precondition_frequency=1)
    W.grad = matrix(4, 4, seed=99)
    optimizer.step()
    W.grad = matrix(4, 4)
    for _ in range(400):
        optimizer.step()
    basis = optimizer.state[W]["basis_left"][0]
    turned = basis.T @ W.grad @ W.grad.T @ basis
    torch.testing.assert_close(turned, turned.diag().diag(), atol=1e-6, rtol=0)
    assert torch.equal(turned.diag().sort(descending=True).values, turned.diag())


def test_shapes_sides_and_groups():
    kernel, bias, number, idle = (nn.Parameter(torch.zeros(s)) for s in ((4, 3, 2, 2), (5,), (), (2, 2)))
    optimizer = SOAP(
        [{"params": [kernel, idle]}, {"params": [bias, number], "lr": 0.1}], max_precondition_dim=10, lr=0.01
    )
    kernel.grad = matrix(4, 12).float().view_as(kernel)  # of full rank: where there is no gradient, rounding steps
    for parameter in (bias, number):
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    assert set(optimizer.state[kernel]) == {"step", "exp_avg", "exp_avg_sq", "mean_left", "basis_left"}  # 12 is longer
    torch.testing.assert_close(kernel.detach().square().sum().sqrt(), torch.tensor(0.01) * 48**0.5)
    torch.testing.assert_close(bias.detach(), torch.full((5,), -0.1))
    torch.testing.assert_close(number.detach(), torch.tensor(-0.1))
    assert not optimizer.state[idle]
    assert not idle.any()


def test_matrices_of_one_shape_go_together_as_they_would_alone():
    def run(shapes: list[tuple[int, ...]], **options: bool) -> Tensor:
        weights = [nn.Parameter(torch.zeros(shape, dtype=torch.float64)) for shape in shapes]
        optimizer = SOAP(weights, lr=0.1, precondition_frequency=2, weight_decay=0.1, **options)
        for step in range(7):
            pull = matrix(3, 4, 5, seed=step)
            for weight, part in zip(weights, pull.split([w.numel() // 20 for w in weights]), strict=True):
                weight.grad = weight.detach() - part.view_as(weight)
            optimizer.step()
        return torch.cat([weight.detach().view(-1, 4, 5) for weight in weights])

    together = run([(4, 5)] * 3)
    torch.testing.assert_close(run([(3, 4, 5)], stacked=True), together)
    torch.testing.assert_close(run([(1, 2, 4, 5), (4, 5)], stacked=True), together)
    alone = [nn.Parameter(torch.zeros(4, 5, dtype=torch.float64)) for _ in range(3)]
    optimizers = [SOAP([weight], lr=0.1, precondition_frequency=2, weight_decay=0.1) for weight in alone]
    for step in range(7):
        for weight, part, optimizer in zip(alone, matrix(3, 4, 5, seed=step), optimizers, strict=True):
            weight.grad = weight.detach() - part
            optimizer.step()
    torch.testing.assert_close(torch.stack([weight.detach() for weight in alone]), together)
    assert not torch.allclose(run([(3, 4, 5)]), together, atol=0.01)  # otherwise it is one matrix (3, 20)


def test_it_works_anywhere(anywhere):
    before = anywhere.loss()
    optimizer = SOAP(anywhere.parameters, lr=0.1, precondition_1d=True, precondition_frequency=3)
    for _ in range(200):
        optimizer.step(anywhere.closure)
    assert anywhere.loss() < 0.05 * before
    basis = optimizer.state[anywhere.parameters[0]]["basis_left"][0]
    torch.testing.assert_close(basis.T @ basis, torch.eye(8).to(basis))


def test_it_resumes_to_the_last_bit(resumes):
    resumes(lambda parameters: SOAP(parameters, precondition_frequency=4), steps=11)


def test_a_gradient_that_is_not_a_number_shows_in_the_weights():
    W = nn.Parameter(torch.zeros(3, 2))
    W.grad = torch.full((3, 2), torch.nan)
    optimizer = SOAP([W], precondition_frequency=1)
    optimizer.step()
    assert W.isnan().all()


def test_numbers_out_of_range_are_refused():
    x = nn.Parameter(torch.zeros(2))
    with pytest.raises(ConfigError, match=r"betas must be in \[0, 1\), got \(0.9, 1.0\)"):
        SOAP([x], betas=(0.9, 1.0))
    with pytest.raises(ConfigError, match="precondition_frequency must be >= 1, got 0"):
        SOAP([x], precondition_frequency=0)
