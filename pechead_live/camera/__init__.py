"""Where frames come from: devices, files, streams, drawn patterns and recordings."""
