"""The live loop: camera, tracker, motion, renderer and sinks side by side, joined by slots.

Nothing here imports a heavy library; the parts are handed in.
"""
