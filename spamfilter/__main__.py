"""`python -m spamfilter`: the command line."""

from spamfilter.cli import main

if __name__ == "__main__":
    main()
