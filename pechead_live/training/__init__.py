"""Training: data, losses, stages, the run. Never imported by the live path."""
