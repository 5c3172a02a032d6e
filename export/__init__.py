"""How to make the files that `engines` runs; `pechead-export` is its command line."""

__all__: list[str] = []
