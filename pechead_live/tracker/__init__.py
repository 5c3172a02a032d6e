"""How a frame becomes coefficients: landmarks, recordings, and smoothing over time."""
