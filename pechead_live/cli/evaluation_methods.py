"""The words ``--method`` takes, as the rows of a table."""

from collections.abc import Sequence
from pathlib import Path

from engines.manifest import read_manifest, sha256_of
from pechead_live.cli.models import BASELINE, NETWORKS, baseline_factory, factory_of
from pechead_live.errors import InputError
from pechead_live.evaluation.method import BUILT_IN, Method
from pechead_live.reachable import is_folder

TRAINED = (*NETWORKS, BASELINE)
WORDS = f"{', '.join(BUILT_IN)}, or MODEL=CHECKPOINT with a model of {', '.join(TRAINED)}"


def methods_from(words: Sequence[str], *, seeds: bool) -> dict[str, list[Method]]:
    """Setting to its methods, in the order of ``words``: ``[SETTING:]MODEL[=CHECKPOINT]``.

    With ``seeds`` a setting may come several times, one a seed; without, that is an `InputError`.
    """
    groups: dict[str, list[Method]] = {}
    for word in words:
        setting, method = _method_from(word)
        several = groups.setdefault(setting, [])
        if several and not seeds:
            raise InputError(
                f"two methods are called {setting}: name one of them, such as mine:{word}"
            )
        number = len(several) + 1
        several.append(method._replace(name=setting if number == 1 else f"{setting} #{number}"))
    return groups


def _method_from(word: str) -> tuple[str, Method]:
    named, equals, file = word.partition("=")
    setting, colon, model = named.rpartition(":")
    setting = setting if colon else model
    if not setting.strip():
        raise InputError(f"the method {word!r} has no name before its colon: give one")
    if model in BUILT_IN and not equals:
        return setting, BUILT_IN[model]
    if model not in TRAINED:
        what = f"{model} has no weights" if model in BUILT_IN else f"unknown method {model!r}"
        raise InputError(f"{what}: use {WORDS}")
    if not file:
        raise InputError(
            f"{model} needs its weights: write {model}=FILE.safetensors, or the folder of an "
            "exported network"
        )
    checkpoint = Path(file)
    factory = baseline_factory(checkpoint) if model == BASELINE else factory_of(model, checkpoint)
    return setting, Method(setting, factory, _digest_of(checkpoint))


def _digest_of(checkpoint: Path) -> str:
    """SHA-256 of the weights; an exported network's manifests tell it."""
    if is_folder(checkpoint):
        files = sorted(checkpoint.glob("*.onnx")) or sorted(checkpoint.glob("*.engine"))
        if not files:
            raise InputError(f"{checkpoint} holds no exported network: give another folder")
        return read_manifest(files[0]).checkpoint_sha256
    return sha256_of(checkpoint)
