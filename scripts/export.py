"""The same as `mlsci export`."""

import sys

from mlsci.cli import main

main(["export", *sys.argv[1:]])
