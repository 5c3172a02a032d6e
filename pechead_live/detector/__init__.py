"""Networks of others that find faces and people in a picture."""
