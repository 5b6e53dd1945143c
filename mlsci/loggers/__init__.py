"""Loggers: metrics.csv of the run folder, and the dashboards of others behind a wall that keeps runs alive."""
