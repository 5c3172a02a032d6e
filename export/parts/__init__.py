"""What becomes a file: the functions of each network, with named ports."""
