"""Notebooks are saved as they ran from top to bottom, and their cells run again with tiny settings."""

import ast
import base64
import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "scripts" / "notebooks").glob("*.ipynb"))
SPECTRUM = next(path for path in NOTEBOOKS if path.stem == "molecule_to_spectrum")
TINY = {
    "MOLECULE": "water",
    "FRAMES": 16,
    "TEST_FRAMES": 4,
    "EPOCHS": 10,
    "CHANNELS": 2,
    "STEPS": 80,
    "REPLICAS": 2,
    "BURN_IN": 100,
}


def notebook(path: Path) -> dict[str, Any]:
    """A notebook as it lies on disk."""
    return json.loads(path.read_text(encoding="utf-8"))


def sources(path: Path) -> list[str]:
    """Its code cells."""
    return ["".join(cell["source"]) for cell in notebook(path)["cells"] if cell["cell_type"] == "code"]


def printed(text: str, name: str) -> list[float]:
    """The numbers in the row of that name in the table of overlaps."""
    row = next(line for line in text.splitlines() if line.startswith(f"{name} "))
    distances, spectrum = row.split()[1:]
    return [float(distances), float(spectrum)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_of_format_4_and_its_code_is_python(path):
    found = notebook(path)
    assert (found["nbformat"], found["metadata"]["language_info"]["name"]) == (4, "python")
    names = [cell["id"] for cell in found["cells"]]
    assert len(names) == len(set(names))
    for cell in found["cells"]:
        assert cell["cell_type"] in {"code", "markdown"}
        assert isinstance(cell["metadata"], dict)
        assert ("outputs" in cell) == ("execution_count" in cell) == (cell["cell_type"] == "code")
    for source in sources(path):
        assert ast.parse(source).body


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_saved_as_it_ran_from_top_to_bottom(path):
    code = [cell for cell in notebook(path)["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert "error" not in {output["output_type"] for output in outputs}
    figures = [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    assert figures
    assert all(base64.b64decode("".join(figure)).startswith(b"\x89PNG") for figure in figures)
    assert path.stat().st_size < 500_000


def test_the_cells_from_a_name_to_a_spectrum_run(tmp_path, monkeypatch, capsys):
    pytest.importorskip("tblite", reason="the notebook's reference data needs tblite (mlsci[xtb])")
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLSCI_DATA_DIR", str(tmp_path / "data"))
    shown: list[Path] = []
    display = types.SimpleNamespace(Image=lambda *, filename, width: shown.append(filename))
    monkeypatch.setitem(sys.modules, "IPython.display", display)  # no part of our own environment
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    settings, *others = sources(SPECTRUM)
    variables: dict[str, Any] = {"__name__": "__main__"}
    exec(settings, variables)
    assert variables.keys() >= TINY.keys()
    variables |= TINY
    for source in others:
        exec(source, variables)
    assert len(shown) == 1
    assert shown[0].is_file()
    assert all(0 < overlap <= 1 for overlap in printed(capsys.readouterr().out, "potential"))
