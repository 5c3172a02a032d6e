"""Checkpoints run by torch: the reference that every other runtime is compared with."""
