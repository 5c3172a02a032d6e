"""TensorRT, for RTX cards and in full: buffers made once, one CUDA graph a frame."""
