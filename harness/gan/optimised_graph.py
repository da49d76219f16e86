"""Optimised graphs of compiled functions: taken from TensorFlow, and run in another process.

Tracing a function and optimising its graph takes seconds; loading the optimised graph takes
hundredths, and running it gives the same bits, for the runtime gets the same operations. What
TensorFlow offers publicly stores graphs before they are optimised, with variables that belong to
the file; here the variables are those of the program that is already built.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.python.eager import context  # nothing public gives or takes an optimised graph
from tensorflow.python.framework import op_def_registry

Handles = Mapping[str, tf.Tensor]  # stable name of a variable → its resource handle
Run = Callable[[Sequence[tf.Tensor]], list[tf.Tensor]]


class Graph(NamedTuple):
    """A function after optimisation: its own inputs first, then the variables that it uses."""

    definition: FunctionDef
    variables: tuple[str, ...]  # names, in the order of the inputs


def settings() -> str:
    """How this process optimises and runs functions, which a plug-in may have changed; hex."""
    return str(context.context().config.SerializeToString(deterministic=True).hex())


def handles_of(variables: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    """The handles of TensorFlow's and Keras' variables."""
    plain = {
        name: value if isinstance(value, tf.Variable) else value.value
        for name, value in variables.items()
    }
    return {name: value.handle for name, value in plain.items()}


@contextmanager
def optimised() -> Iterator[list[Any]]:
    """The graphs, as protocol buffers, of functions that run for the first time inside."""
    graphs: list[Any] = []
    context.enable_graph_collection()
    try:
        yield graphs
        collected = context.export_run_metadata().function_graphs
        graphs += [each.post_optimization_graph for each in collected]
    finally:
        context.disable_graph_collection()


def take(function: Any, graphs: Sequence[Any], handles: Handles, title: str) -> Graph | None:
    """The graph of a concrete function among those that were optimised, called `title`.

    None where another process could not run it: it holds a tensor from outside that is no variable
    in `handles`, further functions, or what this module cannot express.
    """
    names = {id(handle): name for name, handle in handles.items()}
    captured = [names.get(id(outer)) for outer, _ in function.graph.captures]
    before = function.function_def
    inputs = [each.name for each in before.signature.input_arg]
    # TensorFlow makes small functions of single operations, too; an input that nothing uses is gone
    for graph in sorted(graphs, key=lambda graph: len(graph.node), reverse=True):
        places = {node.name: node.attr["index"].i for node in graph.node if node.op == "_Arg"}
        if all(place < len(inputs) and inputs[place] == name for name, place in places.items()):
            if graph.library.function or None in captured:
                return None
            with suppress(ValueError):
                return Graph(_definition(before, graph, title), tuple(map(str, captured)))
    return None


def _definition(before: FunctionDef, graph: Any, name: str) -> FunctionDef:
    """A function of an optimised graph; `before`: the function that was optimised."""
    after = FunctionDef()
    after.CopyFrom(before)
    after.signature.name = name
    after.ClearField("node_def")
    after.ClearField("ret")
    outputs = [each.name for each in before.signature.output_arg]
    nodes = {node.name: node for node in graph.node}
    for node in graph.node:
        if node.op == "_Retval":
            after.ret[outputs[node.attr["index"].i]] = _input(nodes, node.input[0])
        elif node.op != "_Arg":
            copy = after.node_def.add()
            copy.CopyFrom(node)
            copy.ClearField("input")
            copy.ClearField("experimental_debug_info")
            # an input of the function is there from the start: nothing need wait for it
            copy.input.extend(
                _input(nodes, each)
                for each in node.input
                if each[0] != "^" or nodes[each[1:]].op != "_Arg"
            )
    if set(after.ret) != set(outputs) or set(after.control_ret.values()) - nodes.keys():
        raise ValueError("another function, or one whose results optimisation has renamed")
    return after


def _input(nodes: Mapping[str, Any], name: str) -> str:
    """`node:2` of a graph as a function's definition has it: `node:output:0`."""
    if name[0] == "^":
        return name
    node, _, place = name.partition(":")
    if nodes[node].op == "_Arg":
        return node
    left, operation = int(place or 0), op_def_registry.get(nodes[node].op)
    for output in operation.output_arg if operation else ():
        attributes, count = nodes[node].attr, 1
        if output.number_attr:
            count = attributes[output.number_attr].i
        elif output.type_list_attr:
            count = len(attributes[output.type_list_attr].list.type)
        if left < count:
            return f"{node}:{output.name}:{left}"
        left -= count
    raise ValueError(f"{name} is no known output of {nodes[node].op}")


def load(graph: Graph, handles: Handles) -> Run:
    """The function of a graph on the variables of this process."""
    held = [handles[name] for name in graph.variables]
    this, signature = context.context(), graph.definition.signature
    if not this.has_function(signature.name):
        this.add_function_def(graph.definition)
    name, count = signature.name.encode(), len(signature.output_arg)
    config = this.config
    config.allow_soft_placement = True  # as functions are called by default
    config.graph_options.rewrite_options.disable_meta_optimizer = True  # it is optimised
    options = context.FunctionCallOptions(config_proto=config)

    def run(inputs: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        usual = this.function_call_options
        this.function_call_options = options
        try:
            return list(this.call_function(name, [*inputs, *held], count))
        finally:
            this.function_call_options = usual

    return run
