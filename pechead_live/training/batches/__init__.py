"""Chunks to batches: which frames, drawn how, and ahead of time."""
