"""Footage to shards: crops, tracks, and what was measured on them."""
