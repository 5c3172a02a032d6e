"""Calls that send only coefficients, measured: the stream, the call on a bad line, and both against
video (`python -m benchmarks.calls`)."""
