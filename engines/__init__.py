"""How to run an exported network: one room per runtime, and the plugin that TensorRT lacks."""

__all__: list[str] = []
