"""Exported networks, each of several files, as the renderers and the tracker ask for them."""
