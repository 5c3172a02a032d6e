"""The lite decode in 8 bits: calibrated, compared, written."""
