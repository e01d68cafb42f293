"""Files of messages: read in bounded batches, written whole or not at all."""

from spamfilter.records.batch import Batch, missing_column
from spamfilter.records.columns import Columns
from spamfilter.records.reading import FORMATS, STDIN, Format, format_of, read_batches
from spamfilter.records.writing import Output, atomic_file, open_output

__all__ = [
    "FORMATS",
    "STDIN",
    "Batch",
    "Columns",
    "Format",
    "Output",
    "atomic_file",
    "format_of",
    "missing_column",
    "open_output",
    "read_batches",
]
