"""One metric a file: numbers in, a number out."""
