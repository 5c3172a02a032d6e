"""Personalisation: what one network can learn of one portrait from a clip of its person."""
