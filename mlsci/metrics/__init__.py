"""Metrics as torchmetrics objects: `update(predictions, targets)`, `compute()`; right over several devices."""
