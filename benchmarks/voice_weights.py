"""How bot/adapters/voice_weights.onnx was made from Resemblyzer 0.1.4: run once, in an environment with torch and onnx.

    python benchmarks/voice_weights.py pretrained.pt voice_weights.onnx

Three LSTM layers, a linear layer, ReLU, a length of one. Weights are kept with 16 bits and used with 32.
"""

from __future__ import annotations

import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

LAYERS, SIZE, BANDS = 3, 256, 40


def gates(array: np.ndarray) -> np.ndarray:
    """PyTorch orders an LSTM's gates in, forget, cell, out; ONNX in, out, forget, cell."""
    enter, forget, cell, out = np.split(array, 4)
    return np.concatenate([enter, out, forget, cell])


def main(weights: str, target: str) -> None:
    kept = torch.load(weights, map_location="cpu", weights_only=False)["model_state"]
    arrays = {name: tensor.numpy() for name, tensor in kept.items()}
    constants, casts, nodes = [], [], []

    def constant(name: str, array: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(array, np.float16), f"{name}_16"))
        casts.append(helper.make_node("Cast", [f"{name}_16"], [name], to=TensorProto.FLOAT))
        return name

    sequence = "spectra"
    for n in range(LAYERS):
        inward = constant(f"w{n}", gates(arrays[f"lstm.weight_ih_l{n}"])[None])
        onward = constant(f"r{n}", gates(arrays[f"lstm.weight_hh_l{n}"])[None])
        bias = gates(arrays[f"lstm.bias_ih_l{n}"] + arrays[f"lstm.bias_hh_l{n}"])
        both = constant(f"b{n}", np.concatenate([bias, np.zeros(4 * SIZE, np.float32)])[None])
        layer = [sequence, inward, onward, both, "frames"]
        nodes.append(helper.make_node("LSTM", layer, [f"y{n}", f"h{n}"], hidden_size=SIZE))
        nodes.append(helper.make_node("Squeeze", [f"y{n}", "one"], [f"x{n}"]))
        sequence = f"x{n}"
    nodes[-1] = helper.make_node("Squeeze", [f"h{LAYERS - 1}", "zero"], ["last"])
    linear, bias = constant("linear", arrays["linear.weight"].T), constant("bias", arrays["linear.bias"])
    nodes += [
        helper.make_node("MatMul", ["last", linear], ["product"]),
        helper.make_node("Add", ["product", bias], ["sum"]),
        helper.make_node("Relu", ["sum"], ["raw"]),
        helper.make_node("LpNormalization", ["raw"], ["vectors"], axis=1, p=2),
    ]
    constants += [numpy_helper.from_array(np.array([n], np.int64), name) for n, name in ((1, "one"), (0, "zero"))]
    graph = helper.make_graph(
        [*casts, *nodes],
        "voice",
        [
            helper.make_tensor_value_info("spectra", TensorProto.FLOAT, ["longest", "windows", BANDS]),
            helper.make_tensor_value_info("frames", TensorProto.INT32, ["windows"]),
        ],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["windows", SIZE])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
