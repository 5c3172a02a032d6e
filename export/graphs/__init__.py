"""A part as an ONNX graph, in a precision and a form, and as a file with its manifest."""
