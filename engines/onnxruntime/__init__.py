"""ONNX Runtime: a session on any of its providers, and a stream bound to a device's memory."""
