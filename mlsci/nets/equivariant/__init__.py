"""The equivariant network of many-body messages, and its parts."""
