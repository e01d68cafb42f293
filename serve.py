"""Start the HTTP service: `python serve.py`. Settings come from `SPAMFILTER_*`; see docs/http.md."""

import sys

from spamfilter.errors import MissingExtraError

try:
    from spamfilter.http.server import main
except MissingExtraError as error:
    sys.stderr.write(f"spamfilter: {error}\n")
    sys.exit(5)

if __name__ == "__main__":
    sys.exit(main())
