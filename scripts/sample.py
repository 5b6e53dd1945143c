"""The same as `mlsci sample`."""

import sys

from mlsci.cli import main

main(["sample", *sys.argv[1:]])
