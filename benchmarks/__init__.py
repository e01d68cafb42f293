"""Our scoring beside its peers: same messages, same training data, one core, one run. See `docs/benchmarks.md`."""
