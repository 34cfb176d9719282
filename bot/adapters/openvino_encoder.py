"""Whisper's encoder in OpenVINO, built from CTranslate2's weights: half the time where the processor has bfloat16."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import local
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from bot.adapters.ctranslate2_weights import arrays
from bot.errors import SecretariatError

Array = NDArray[np.float32]
HEAD = 64  # dimensions of an attention head, in every Whisper


def is_installed() -> bool:
    return find_spec("openvino") is not None


def lists_bfloat16() -> bool:
    """Whether OpenVINO is installed and names bfloat16 among what this processor is good at."""
    if not is_installed():
        return False
    openvino = _openvino()
    return bool("BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))


class OpenVINOEncoder:
    """Features (batch, mels, frames) to states (batch, frames / 2, size). May be called from several threads."""

    def __init__(self, folder: Path, *, threads: int, workers: int) -> None:
        """`folder` holds float weights of CTranslate2. Raises SecretariatError where OpenVINO is not installed."""
        if not is_installed():
            raise SecretariatError(
                "OpenVINO is not installed here.",
                hint="Install openvino, or set `transcription.encoder` to auto.",
            )
        openvino = _openvino()
        self.precision = "bf16" if lists_bfloat16() else "f32"
        settings = {
            "INFERENCE_PRECISION_HINT": self.precision,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": workers,
        }
        self._compiled = openvino.Core().compile_model(_encoder(arrays(folder, "encoder/")), "CPU", settings)
        self._mine = local()

    def __call__(self, features: Array) -> Array:
        if not hasattr(self._mine, "request"):
            self._mine.request = self._compiled.create_infer_request()
        return cast("Array", np.array(self._mine.request.infer([features])[0], np.float32))


def _encoder(weights: dict[str, Array]) -> Any:
    """OpenAI's encoder, written down in OpenVINO's operations."""
    openvino, ops = _openvino(), import_module("openvino.opset13")
    build = _Builder(ops, weights)
    features = ops.parameter([-1, weights["encoder/conv1/weight"].shape[1], -1], np.float32, name="features")
    states = build.convolution(build.convolution(features, "encoder/conv1", 1), "encoder/conv2", 2)
    states = ops.transpose(states, build.whole([0, 2, 1]))
    length = ops.gather(ops.shape_of(states), build.whole([1]), build.whole(0))
    positions = ops.slice(
        build.constant(weights["encoder/position_encodings/encodings"]),
        build.whole([0]),
        length,
        build.whole([1]),
        build.whole([0]),
    )
    states = ops.add(states, ops.unsqueeze(positions, build.whole([0])))
    layer = 0
    while f"encoder/layer_{layer}/ffn/linear_0/weight" in weights:
        states = build.layer(states, f"encoder/layer_{layer}")
        layer += 1
    return openvino.Model([ops.result(build.normed(states, "encoder/layer_norm"))], [features], "encoder")


class _Builder:
    """The pieces of the network, by the names of their weights."""

    def __init__(self, ops: Any, weights: dict[str, Array]) -> None:
        self.ops, self.weights = ops, weights

    def whole(self, numbers: list[int] | int) -> Any:
        return self.ops.constant(np.array(numbers, np.int64))

    def constant(self, values: Array) -> Any:
        return self.ops.constant(np.ascontiguousarray(values, np.float32))

    def convolution(self, given: Any, name: str, stride: int) -> Any:
        made = self.ops.convolution(given, self.constant(self.weights[f"{name}/weight"]), [stride], [1], [1], [1])
        bias = self.constant(self.weights[f"{name}/bias"].reshape(1, -1, 1))
        return self.ops.gelu(self.ops.add(made, bias), "erf")

    def normed(self, given: Any, name: str) -> Any:
        even = self.ops.mvn(given, self.whole([-1]), True, 1e-5, "INSIDE_SQRT")
        scaled = self.ops.multiply(even, self.constant(self.weights[f"{name}/gamma"]))
        return self.ops.add(scaled, self.constant(self.weights[f"{name}/beta"]))

    def linear(self, given: Any, weight: Array, bias: Array) -> Any:
        return self.ops.add(self.ops.matmul(given, self.constant(weight), False, True), self.constant(bias))

    def named_linear(self, given: Any, name: str) -> Any:
        return self.linear(given, self.weights[f"{name}/weight"], self.weights[f"{name}/bias"])

    def layer(self, states: Any, name: str) -> Any:
        given = self.normed(states, f"{name}/self_attention/layer_norm")
        states = self.ops.add(states, self.named_linear(self.attention(given, name), f"{name}/self_attention/linear_1"))
        given = self.named_linear(self.normed(states, f"{name}/ffn/layer_norm"), f"{name}/ffn/linear_0")
        return self.ops.add(states, self.named_linear(self.ops.gelu(given, "erf"), f"{name}/ffn/linear_1"))

    def attention(self, given: Any, name: str) -> Any:
        joined = f"{name}/self_attention/linear_0"
        size = self.weights[f"{joined}/weight"].shape[1]
        parts = zip(
            np.split(self.weights[f"{joined}/weight"], 3), np.split(self.weights[f"{joined}/bias"], 3), strict=True
        )
        heads = [
            self.ops.transpose(
                self.ops.reshape(self.linear(given, *part), self.whole([0, 0, size // HEAD, HEAD]), True),
                self.whole([0, 2, 1, 3]),
            )
            for part in parts
        ]
        seen = self.ops.transpose(self.ops.scaled_dot_product_attention(*heads), self.whole([0, 2, 1, 3]))
        return self.ops.reshape(seen, self.whole([0, 0, size]), True)


Encoder = Callable[[Array], Array]


def _openvino() -> Any:
    """OpenVINO without its telemetry: importing it would tell its makers so over the network."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: as if it were not installed
    return import_module("openvino")
