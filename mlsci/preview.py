"""`mlsci check --build`: build data, net and model, and send two samples of zeros through them."""

import tempfile
from pathlib import Path
from typing import Any

from mlsci.build import instantiate
from mlsci.modelling import build_model
from mlsci.shapes import check_shapes


def preview(config: dict[str, Any], choices: dict[str, str]) -> None:
    """Build everything of a config on the data's made-up files; nothing is downloaded, trained or written.

    Raises:
        ConfigError: what cannot be built, or does not fit.
    """
    trust = list(config.get("trust") or [])
    with tempfile.TemporaryDirectory() as folder:
        data = instantiate({**config["data"], "files": folder}, trust=trust, path="data")
        data.fake(Path(folder))
        if data.declare() is None:
            data.setup()
        model, resolved = build_model(config, data, steps=10, choices=choices)
        check_shapes(model, data, choices=choices)
        for part in ("callbacks", "logger", "figures"):
            instantiate(resolved[part] or {}, trust=trust, path=part)
        optimizer = instantiate(resolved["optimizer"], trust=trust, path="optimizer")
        schedule = instantiate(resolved["scheduler"]["schedule"], trust=trust, path="scheduler.schedule")
        parameters = [p for p in model.parameters() if p.requires_grad]
        if parameters and schedule is not None:
            schedule(optimizer(parameters))
