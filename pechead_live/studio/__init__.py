"""The studio: a web page that drives the avatar, and the server behind it."""
