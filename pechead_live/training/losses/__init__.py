"""Loss terms, one kind per file: pure functions of pictures, points and flows."""
