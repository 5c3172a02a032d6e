"""Renderers in other processes and on other machines: actors that Ray places."""
