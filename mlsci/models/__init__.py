"""Models: one objective per file; `base.Model` owns steps, logging, optimizers and the checkpoint block."""
