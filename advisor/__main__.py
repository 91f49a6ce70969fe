"""`python -m advisor`: the command line."""

from advisor.serve.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
