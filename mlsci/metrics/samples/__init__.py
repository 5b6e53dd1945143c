"""How far two sets of samples are apart: objects that are called (samples, truth) -> {name: value}."""
