"""Python source read by `ast`: what a dotted name stands for, without importing anything."""
