"""The same as `mlsci simulate`."""

import sys

from mlsci.cli import main

main(["simulate", *sys.argv[1:]])
