"""How to run an exported network: one file per runtime. There is no exported network yet."""

__all__: list[str] = []
