"""``python -m benchmarks.engine``: what each network costs on each runtime."""
