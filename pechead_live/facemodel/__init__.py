"""The face model: coefficients to 3-D points and landmarks; learned from measurements, fitted."""
