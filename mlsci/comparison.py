"""Our numbers beside published ones, and beside baselines on the same split."""

from collections.abc import Mapping
from typing import Any

from mlsci.errors import ConfigError
from mlsci.overrides import descend
from mlsci.schema import ReferenceSchema
from mlsci.verdict import reaches


def references(config: Mapping[str, Any], choices: Mapping[str, str]) -> list[dict[str, Any]]:
    """The published numbers of a config; `apart` names what one was measured with where this run has something else."""
    found = config.get("reference")
    entries = found if isinstance(found, list) else [found] if found else []
    return [{**entry, "apart": _apart(entry.get("given") or {}, config, choices)} for entry in entries]


def _apart(given: Mapping[str, Any], config: Mapping[str, Any], choices: Mapping[str, str]) -> str:
    wrong = {key: value for key, value in given.items() if _value(key, config, choices) != value}
    return ", ".join(f"{key}={'null' if value is None else value}" for key, value in wrong.items())


def _value(key: str, config: Mapping[str, Any], choices: Mapping[str, str]) -> Any:
    """The choice of a group, or the value of a key; the whole key where the config has none."""
    if key in choices:
        return choices[key]
    node, _, missing = descend(config, key)
    return key if missing else node


def compare(
    metrics: Mapping[str, float], found: list[dict[str, Any]], baselines: Mapping[str, Mapping[str, float]]
) -> list[dict[str, Any]]:
    """A row for each published number, and for every baseline on the metric of the first of them.

    Raises:
        ConfigError: a published number of a metric that the run has not measured.
    """
    rows = [_row(metrics, entry, who=entry.get("who", "published")) for entry in found]
    for name, values in baselines.items() if found else ():
        if found[0]["metric"] in values:
            same = {"value": values[found[0]["metric"]], "source": "same split, this run", "apart": ""}
            rows.append(_row(metrics, {**found[0], **same}, who=name))
    return rows


def _row(metrics: Mapping[str, float], entry: Mapping[str, Any], *, who: str) -> dict[str, Any]:
    ours, published, better = metrics.get(entry["metric"]), entry["value"], entry.get("better", "lower")
    if ours is None:
        known = ", ".join(sorted(metrics))
        raise ConfigError(f"reference.metric: nothing measures '{entry['metric']}'. Measured: {known}")
    within, apart = entry.get("within", ReferenceSchema.within), entry["apart"]
    judged = published is not None and not apart
    return {
        "metric": entry["metric"],
        "ours": ours,
        "published": published,
        "unit": entry.get("unit", ""),
        "better": better,
        "source": "; ".join(text for text in (entry.get("source", ""), apart and f"for {apart}") if text),
        "reached": reaches(ours, published, better=better, within=within) if judged else None,
        "who": who,
        "statistic": entry.get("statistic", "mean"),
        **({"within": within} if better == "equal" else {}),
    }
