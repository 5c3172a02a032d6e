"""TensorRT engines out of ONNX files, built in a process of their own."""
