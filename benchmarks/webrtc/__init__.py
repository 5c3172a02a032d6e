"""How long from a browser's camera to the avatar in its page: `python -m benchmarks.webrtc`."""
