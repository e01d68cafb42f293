"""The filter over HTTP: a FastAPI shell around `spamfilter.service`. Start it by `spamfilter.http.server.run`."""
