"""Calls that send only coefficients, measured: the stream (`benchmarks.calls.stream`)."""
