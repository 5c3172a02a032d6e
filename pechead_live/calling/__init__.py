"""Two people connected by WebRTC, each the other's avatar: signalling, still, stream, sound."""
