"""An exported graph without what its maker left behind."""

import onnx


def tidy(model: onnx.ModelProto) -> onnx.ModelProto:
    """``model``, changed in place: without stack traces, which name files of the machine that
    exported it and make two files of the same weights differ."""
    graph = model.graph
    for noted in (model, graph, *graph.node, *graph.initializer, *graph.value_info):
        del noted.metadata_props[:]
        noted.doc_string = ""
    for port in (*graph.input, *graph.output):
        del port.metadata_props[:]
        port.doc_string = ""
    return model
