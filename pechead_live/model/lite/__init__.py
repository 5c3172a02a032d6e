"""The small network for CPUs: it corrects the analytic picture."""
