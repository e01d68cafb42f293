"""The command line: `spamfilter`, `python -m spamfilter`."""

from spamfilter.cli.app import app, main

__all__ = ["app", "main"]
