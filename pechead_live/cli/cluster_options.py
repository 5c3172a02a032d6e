"""The options that say where a server's renderers run: in this process, or placed by Ray."""

import argparse
from collections.abc import Generator
from contextlib import contextmanager

from pechead_live.studio.cluster.config import ClusterConfig
from pechead_live.studio.session import Parts

DEFAULTS = ClusterConfig()


def add_cluster_arguments(parser: argparse.ArgumentParser) -> None:
    """``--ray`` and what a renderer takes there."""
    group = parser.add_argument_group("many users")
    group.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="let Ray place every session's renderer: 'local' starts it on this machine, 'auto' "
        "or HOST:PORT joins a cluster that this machine is a node of (default: they run in this "
        "process)",
    )
    group.add_argument(
        "--ray-cpus",
        type=float,
        default=DEFAULTS.cpus,
        metavar="N",
        help="of one renderer (default: %(default)g)",
    )
    group.add_argument(
        "--ray-gpus",
        type=float,
        default=DEFAULTS.gpus,
        metavar="N",
        help="of one renderer; 0.25 lets four share a GPU (default: %(default)g)",
    )


@contextmanager
def placed(arguments: argparse.Namespace, parts: Parts) -> Generator[Parts]:
    """``parts`` with renderers where the arguments want them. Raises `PecheadError`."""
    if arguments.ray is None:
        yield parts
        return
    from pechead_live.studio.cluster.joined import joined

    config = ClusterConfig(address=arguments.ray, cpus=arguments.ray_cpus, gpus=arguments.ray_gpus)
    with joined(config, renderers=arguments.sessions + 1):
        from pechead_live.studio.cluster.renderer import remote_factory_of

        yield parts._replace(factory_of=remote_factory_of(config, parts.factory_of))
