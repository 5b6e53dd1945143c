"""`python -m mlsci` is the same as `mlsci`."""

from mlsci.cli import main

if __name__ == "__main__":
    main()
