"""Learning curves out of metrics.csv, as a figure and as SVG."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from mlsci.plots.curves import learning_curves
from mlsci.plots.series import losses_and_scores, read_series, thinned
from mlsci.plots.svg import MOST_POINTS, drawing


def write(folder: Path, *lines: str, end: str = "\n") -> Path:
    path = folder / "metrics.csv"
    path.write_text("\n".join(lines) + end)
    return path


def test_losses_and_metrics_get_a_panel_each(tmp_path: Path) -> None:
    lines = [
        "step,epoch,train/loss,lr,val/loss,val/rmse",
        "1,0,3,0.1,,",
        "2,0,2,0.1,2.5,0.5",
        "3,1,1,0.1,1.5,0.4",
    ]
    figure = learning_curves(write(tmp_path, *lines))
    upper, lower = figure.axes
    assert (upper.get_yscale(), upper.get_ylabel(), lower.get_ylabel()) == (
        "log",
        "loss",
        "validation metric",
    )
    assert lower.get_xlabel() == "optimizer step"
    assert [line.get_label() for line in upper.lines] == ["train/loss", "val/loss"]
    assert [line.get_label() for line in lower.lines] == ["val/rmse"]
    figure.savefig(tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 1000


def test_a_negative_loss_has_a_linear_axis(tmp_path: Path) -> None:
    (axes,) = learning_curves(write(tmp_path, "step,epoch,train/loss", "1,0,1", "2,0,-1")).axes
    assert axes.get_yscale() == "linear"
    assert axes.get_xlabel() == "optimizer step"


@pytest.mark.parametrize(("last", "scale"), [(0.4, "linear"), (0.004, "log")])
def test_metrics_that_span_decades_have_a_logarithmic_axis(tmp_path: Path, last: float, scale: str) -> None:
    path = write(tmp_path, "step,epoch,val/loss,val/rmse", "1,0,2,0.5", f"2,0,1,{last}")
    assert learning_curves(path).axes[1].get_yscale() == scale


@pytest.mark.parametrize(
    ("lines", "got"),
    [(["step,epoch,val/rmse", "1,0,2"], "val/rmse"), (["step,epoch,train/loss"], "no numbers"), ([], "no")],
)
def test_a_file_without_a_loss_is_refused(tmp_path: Path, lines: list[str], got: str) -> None:
    with pytest.raises(ValueError, match=f"expected a column with a loss in its name, got {got}"):
        learning_curves(write(tmp_path, *lines))


def test_blanks_words_and_infinities_are_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, "step,epoch,a,b", "1,0,,nan", "2,0,1.5,inf", "x,0,2,3", "4,0,oops,4", "5,0")
    assert read_series(path) == {"a": [(2, 1.5)], "b": [(4, 4)]}


def test_a_torn_last_line_is_no_value(tmp_path: Path) -> None:
    assert read_series(write(tmp_path, "step,epoch,a", "1,0,1.5", "2,0,1", end="")) == {"a": [(1, 1.5)]}


def test_only_losses_and_validation_metrics_are_curves(tmp_path: Path) -> None:
    path = write(tmp_path, "step,epoch,train/loss_pde,val/loss,val/acc,lr,train/acc,test/loss", "1,0,1,2,3,4,5,6")
    losses, scores = losses_and_scores(path)
    assert (list(losses), list(scores)) == (["train/loss_pde", "val/loss"], ["val/acc"])


@pytest.mark.parametrize("count", [1, 399, 400, 401, 1000, 12345])
def test_thinning_keeps_the_spikes(count: int) -> None:
    points = [(float(step), 0.0) for step in range(count)]
    points[count // 2] = (points[count // 2][0], 9.0)
    kept = thinned(points, 400)
    assert len(kept) <= 400
    assert kept == sorted(kept)
    assert (points[count // 2][0], 9.0) in kept
    assert kept[0] == points[0]


def test_the_drawing_is_xml_within_its_frame() -> None:
    series = {
        "train/<loss>": [(float(step), 10.0 ** (-step / 100)) for step in range(1000)],
        "val/loss": [(3.0, 1.0)],
    }
    svg, key = drawing(series, log=True).split("</svg>")
    tree = ElementTree.fromstring(svg + "</svg>")
    path = next(child for child in tree if child.tag == "path")
    start, *moves = path.attrib["d"].removeprefix("M").replace("l", " ").split()
    assert 100 < len(moves) < MOST_POINTS
    x, y = map(int, start.split(","))
    for move in moves:
        x, y = x + int(move.split(",")[0]), y + int(move.split(",")[1])
        assert 0 <= x <= 1200
        assert 0 <= y <= 400
    assert "train/&lt;loss&gt;" in key
    assert [child.tag for child in tree].count("circle") == 1


@pytest.mark.parametrize(("values", "labels"), [([1e-3, 1.0], ["0.001", "0.01", "0.1", "1"]), ([2.0, 4.0], None)])
def test_log_axes_show_decades(values: list[float], labels: list[str] | None) -> None:
    tree = ElementTree.fromstring(drawing({"loss": list(enumerate(values, 1))}, log=True).split("</svg>")[0] + "</svg>")
    ticks = [child.text for child in tree if child.tag == "text" and child.attrib.get("text-anchor") == "end"][:-1]
    assert ticks == labels if labels else 2 <= len(ticks) <= 7


def test_nothing_to_draw_is_no_drawing() -> None:
    assert drawing({}, log=True) == ""
    assert drawing({"loss": [(1.0, 1e200)]}, log=True) == ""
