"""The same as `mlsci predict`."""

import sys

from mlsci.cli import main

main(["predict", *sys.argv[1:]])
