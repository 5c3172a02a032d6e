"""Where pictures go: a virtual camera, a video file, a window, nowhere."""
