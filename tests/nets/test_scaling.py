import math

import pytest
import torch
from omegaconf import OmegaConf

from mlsci.nets.scaling import Standardise


def test_the_training_data_gets_mean_zero_and_deviation_one() -> None:
    torch.manual_seed(0)
    x = torch.randn(500, 3) * torch.tensor([0.1, 2.0, 30.0]) + torch.tensor([1.0, -5.0, 60.0])
    scaling = Standardise(mean=x.mean(0).tolist(), std=x.std(0).tolist())
    z = scaling(x)
    torch.testing.assert_close(z.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(z.std(0), torch.ones(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(scaling.inverse(z), x, atol=1e-4, rtol=1e-5)


def test_one_value_a_channel_of_pictures() -> None:
    scaling = Standardise(mean=[[[1.0]], [[2.0]]], std=[[[2.0]], [[4.0]]])
    x = torch.full((3, 2, 5, 5), 5.0)
    z = scaling(x)
    assert torch.equal(z[:, 0], torch.full((3, 5, 5), 2.0))
    assert torch.equal(z[:, 1], torch.full((3, 5, 5), 0.75))


def test_a_constant_column_becomes_zero_and_comes_back_exactly() -> None:
    scaling = Standardise(mean=[0.1, 3.0], std=[0.0, 2.0])
    x = torch.tensor([[0.1, 5.0]])
    assert torch.equal(scaling(x), torch.tensor([[0.0, 1.0]]))
    assert torch.equal(scaling.inverse(scaling(x)), x)


def test_a_fresh_module_takes_its_statistics_from_the_state_dict() -> None:
    fitted, fresh = Standardise(mean=[1.0, 2.0], std=[3.0, 4.0]), Standardise(mean=[0.0, 0.0], std=[1.0, 1.0])
    fresh.load_state_dict(fitted.state_dict())
    x = torch.randn(4, 2)
    assert torch.equal(fresh(x), fitted(x))
    assert torch.equal(fresh.inverse(x), fitted.inverse(x))


def test_lists_out_of_a_config_are_read() -> None:
    config = OmegaConf.create({"mean": [[[1.0]], [[2.0]]], "std": [[[1.0]], [[2.0]]]})
    assert Standardise(mean=config.mean, std=config.std).mean.shape == (2, 1, 1)


def test_double_follows() -> None:
    x = torch.randn(4, dtype=torch.float64)
    scaling = Standardise(mean=0.5, std=2.0).double()
    assert scaling(x).dtype == torch.float64
    torch.testing.assert_close(scaling(x), (x - 0.5) / 2, rtol=1e-15, atol=1e-15)


def test_a_default_of_float64_keeps_all_digits() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        scaling = Standardise(mean=0.1, std=0.3)
    finally:
        torch.set_default_dtype(torch.float32)
    x = torch.randn(4, dtype=torch.float64)
    torch.testing.assert_close(scaling.inverse(scaling(x)), x, rtol=1e-15, atol=1e-15)


def test_torch_export_with_any_batch() -> None:
    scaling = Standardise(mean=[1.0, 2.0], std=[3.0, 4.0])
    batch = {0: torch.export.Dim("batch")}
    program = torch.export.export(scaling, (torch.randn(4, 2),), dynamic_shapes=(batch,))
    x = torch.randn(7, 2)
    assert torch.equal(program.module()(x), scaling(x))


@pytest.mark.parametrize(
    ("mean", "std", "message"),
    [
        (0.0, -1.0, "std must not be negative, got -1.0"),
        (math.nan, 1.0, "mean must be finite, got nan"),
        ([0.0, 1.0], [1.0, math.inf], r"std must be finite, got \[1.0, inf\]"),
        ([0.0, 1.0], [1.0, 1.0, 1.0], r"mean and std must broadcast, got shapes \(2,\) and \(3,\)"),
    ],
)
def test_impossible_statistics_are_refused(mean: object, std: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Standardise(mean=mean, std=std)
