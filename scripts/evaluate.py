"""The same as `mlsci evaluate`."""

import sys

from mlsci.cli import main

main(["evaluate", *sys.argv[1:]])
