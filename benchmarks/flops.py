"""Multiply-adds of a TensorFlow graph, counted from the shapes of its products.

Only what reaches an output or a side effect is counted: a persistent tape also records gradients
that nobody asks for, and TensorFlow leaves those out.
"""

import math
from typing import Any

import tensorflow as tf

# attributes that name a function which is run once (a loop's body: once an iteration)
_CALLS = {
    "While": ("body", "cond"),
    "StatelessWhile": ("body", "cond"),
    "PartitionedCall": ("f",),
    "StatefulPartitionedCall": ("f",),
}
_CHOICES = {"If": ("then_branch", "else_branch"), "StatelessIf": ("then_branch", "else_branch")}


def multiply_adds(graph: Any) -> int:
    """Of a function's graph (tf.Graph with outputs), its loops taken to run once."""
    return sum(_cost(operation) for operation in _needed(graph))


def _needed(graph: Any) -> set[tf.Operation]:
    found: set[tf.Operation] = set()
    stack = [*(tensor.op for tensor in graph.outputs), *graph.control_outputs]
    while stack:
        operation = stack.pop()
        if operation not in found:
            found.add(operation)
            stack += [tensor.op for tensor in operation.inputs]
            stack += operation.control_inputs
    return found


def _cost(operation: tf.Operation) -> int:
    kind = operation.type
    if kind in _CALLS:
        return sum(_called(operation, name) for name in _CALLS[kind])
    if kind in _CHOICES:
        return max(_called(operation, name) for name in _CHOICES[kind])
    count = _PRODUCTS.get(kind)
    return count(operation) if count else 0


def _called(operation: tf.Operation, attribute: str) -> int:
    name = operation.get_attr(attribute).name
    return multiply_adds(operation.graph._get_function(name).graph)


def _elements(tensor: tf.Tensor) -> int:
    return math.prod(tensor.shape.as_list())


def _window(kernel: tf.Tensor) -> int:
    """Height x width x input channels of a kernel (h, w, in, out)."""
    return math.prod(kernel.shape.as_list()[:3])


def _convolution(operation: tf.Operation) -> int:
    return _elements(operation.outputs[0]) * _window(operation.inputs[1])


def _input_gradient(operation: tf.Operation) -> int:
    return _elements(operation.inputs[2]) * _window(operation.inputs[1])


def _filter_gradient(operation: tf.Operation) -> int:
    return _elements(operation.inputs[2]) * _window(operation.outputs[0])


def _product(operation: tf.Operation) -> int:
    if None in operation.outputs[0].shape.as_list():
        return 0  # rows known only when run: the warp repeats weights so, one product a number
    attribute = "transpose_a" if operation.type == "MatMul" else "adj_x"
    inner = operation.inputs[0].shape.as_list()[-2 if operation.get_attr(attribute) else -1]
    return _elements(operation.outputs[0]) * inner


_PRODUCTS = {
    "Conv2D": _convolution,
    "Conv2DBackpropInput": _input_gradient,  # also what a transposed convolution is
    "Conv2DBackpropFilter": _filter_gradient,
    "MatMul": _product,
    "BatchMatMulV2": _product,
}
PRODUCTS = tuple(_PRODUCTS)
