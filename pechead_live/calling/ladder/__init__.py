"""The ladder: what an end of a call sends beside motion, and when."""
