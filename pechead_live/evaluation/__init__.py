"""Metrics of the paper's tables and those we add, on plain pictures and landmarks."""
