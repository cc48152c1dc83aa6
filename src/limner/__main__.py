"""`python -m limner` is `limner`; `torchrun -m limner train …` trains in several processes."""

from limner.cli.app import main

if __name__ == "__main__":
    main()
