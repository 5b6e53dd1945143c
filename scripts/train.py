"""The same as `mlsci train`."""

import sys

from mlsci.cli import main

main(["train", *sys.argv[1:]])
