"""Footage of one head, as training and evaluation both use it: a still square, one person."""
