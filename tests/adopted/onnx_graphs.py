"""ONNX files of one node or two, made without torch."""

from __future__ import annotations

from typing import Any

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper


def graph(
    shape: tuple[Any, ...] = (1, 4), operator: str = "Relu", domain: str = "", element: int = TensorProto.FLOAT
) -> onnx.ModelProto:
    """Rows of four numbers times a matrix, then an operator."""
    rows = helper.make_tensor_value_info("rows", element, shape)
    out = helper.make_tensor_value_info("out", element, None)
    weights = numpy_helper.from_array(numpy.eye(4, 8, dtype=helper.tensor_dtype_to_np_dtype(element)), "weights")
    nodes = [
        helper.make_node("MatMul", ["rows", "weights"], ["product"]),
        helper.make_node(operator, ["product"], ["out"], domain=domain),
    ]
    made = helper.make_graph(nodes, "small", [rows], [out], [weights])
    opsets = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
    return helper.make_model(made, opset_imports=opsets, ir_version=9)
