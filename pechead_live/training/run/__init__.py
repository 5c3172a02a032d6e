"""A run on disk: checkpoints, metrics, pictures; nothing half written."""
