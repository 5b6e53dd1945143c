"""What the comparison of interatomic potentials found, as Markdown tables."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

Answers = Mapping[str, Sequence[Mapping[str, Any]]]  # by way: an answer for each turn or seed
TIMES = {
    "step": "one training step (loss, backward, optimizer, average of weights), 5 frames",
    "frame": "energy and forces of one frame, its graph given",
    "calculator": "energy and forces of one frame through ASE's calculator, neighbour list included",
}


def time_table(kind: str, answers: Answers, *, titles: Mapping[str, str]) -> str:
    """Median CPU times, the median ratio of ours to each in the same turn, and what building and compiling took."""
    ours = [way for way in answers if way.startswith("mlsci")]
    best = min(ours, key=lambda way: statistics.median(_all(answers[way], "ms")), default=None)
    heads = [TIMES[kind], "parameters", "CPU ms", f"{titles[best]} / it" if best else "", "CPU s before the first"]
    lines = [_row(heads), _row(["---"] * len(heads))]
    for way, found in answers.items():
        ratio = ""
        if best:
            pairs = zip(_all(answers[best], "ms"), _all(found, "ms"), strict=True)
            ratio = f"{statistics.median(mine / theirs for mine, theirs in pairs):.2f}"
        count = f"{found[0]['parameters']:,}" if "parameters" in found[0] else "–"
        milliseconds = f"{statistics.median(_all(found, 'ms')):.1f}"
        lines.append(_row([titles[way], count, milliseconds, ratio, f"{max(_all(found, 'before_s')):.0f}"]))
    return "\n".join(lines)


def error_table(head: str, answers: Answers, *, titles: Mapping[str, str]) -> str:
    """Medians over seeds after equal CPU time."""
    heads = [head, "energy RMSE, meV", "meV an atom", "force RMSE, meV/Å", "steps", "CPU s", "of it the first step"]
    lines = [_row(heads), _row(["---"] * len(heads))]
    for way, found in answers.items():
        test = [answer["test"] for answer in found]
        errors = [statistics.median(_all(test, key)) for key in ("energy_rmse", "energy_rmse_atom", "force_rmse")]
        spent = [statistics.median(_all(found, key)) for key in ("train_s", "first_s")]
        steps = int(statistics.median(_all(found, "steps")))
        cells = [f"{errors[0]:.1f}", f"{errors[1]:.2f}", f"{errors[2]:.1f}", f"{steps:,}", *(f"{s:.0f}" for s in spent)]
        lines.append(_row([titles[way], *cells]))
    return "\n".join(lines)


def _all(found: Sequence[Mapping[str, Any]], key: str) -> list[float]:
    return [float(answer[key]) for answer in found]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
