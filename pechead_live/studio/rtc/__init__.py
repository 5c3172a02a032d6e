"""WebRTC: what comes from a browser and what goes to it."""
