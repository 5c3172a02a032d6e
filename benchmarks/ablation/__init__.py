"""``python -m benchmarks.ablation``: table 4 of the paper, every setting trained alike."""
