"""Data modules: one file per data set; `base.Data` owns loaders, order and the spec."""
