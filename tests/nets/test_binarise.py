import pytest
import torch

from mlsci.nets.binarise import Binarise, fixed_draws


def test_training_draws_anew_and_evaluation_does_not_depend_on_the_batch() -> None:
    x = torch.rand(50, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    net = Binarise()
    assert not torch.equal(net(x), net(x))
    net.eval()
    found = net(x)
    assert torch.equal(found, net(x))
    assert torch.equal(found[10:13], net(x[10:13]))
    assert not torch.equal(found, Binarise(seed=1).eval()(x))
    assert set(found.unique().tolist()) == {0.0, 1.0}
    assert abs(float((found - x).mean())) < 0.01


def test_fixed_draws_are_uniform_and_unrelated() -> None:
    x = torch.rand(400, 100, generator=torch.Generator().manual_seed(0))
    u = fixed_draws(x, seed=0)
    assert float(u.min()) >= 0
    assert float(u.max()) < 1
    counts = torch.histc(u, bins=20, min=0, max=1)
    assert (counts - 2000).abs().max() < 5 * 2000**0.5
    for other in (x, u.roll(1, 0), u.roll(1, 1)):
        assert abs(float(torch.corrcoef(torch.stack((u.flatten(), other.flatten())))[0, 1])) < 0.02


@pytest.mark.parametrize("training", [True, False])
def test_certain_pixels_stay_and_others_than_probabilities_are_refused(training: bool) -> None:
    x = torch.tensor([[0.0, 1.0]]).repeat(1000, 1)
    net = Binarise().train(training)
    assert torch.equal(net(x), x)
    for wrong in (-0.5, torch.nan):
        with pytest.raises(ValueError, match=r"from 0 to 1, got (-0.5 to 1|nan to nan)"):
            net(torch.tensor([[wrong, 1.0]]))


def test_draws_of_training_have_the_probability_of_their_pixel() -> None:
    torch.manual_seed(0)
    p = torch.tensor([0.1, 0.5, 0.9])
    assert (Binarise()(p.expand(100_000, 3)).mean(dim=0) - p).abs().max() < 5 * 0.5 / 100_000**0.5
