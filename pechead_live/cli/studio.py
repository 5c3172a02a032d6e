"""``pechead-live studio``: the studio's page in your browser."""

import argparse

from pechead_live.cli import serve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `studio`: those of `serve`."""
    serve.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serves and opens the page until Ctrl-C."""
    return serve.serve(arguments, opens_page=True)
