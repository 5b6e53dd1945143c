"""The same as `mlsci relax`."""

import sys

from mlsci.cli import main

main(["relax", *sys.argv[1:]])
