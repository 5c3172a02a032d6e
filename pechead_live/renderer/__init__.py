"""How pictures are made: an avatar drawn with a driver's coefficients."""
