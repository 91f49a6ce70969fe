"""BERT and XLM-R written as ONNX models, with random weights or with given ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from advisor.catalog.schema import Variant


@dataclass(frozen=True)
class Shape:
    """What of a model decides how it computes, apart from its weights."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    feed_forward: int
    positions: int
    first_position: int = 0
    vocabulary: int = 1_000
    segments: int = 1
    """Rows of the table that `token_type_ids` chooses from; with one row there is no such input."""
    decoder: bool = False
    reranker: bool = False
    epsilon: float = 1e-12
    """Of the encoder's norms."""

    @classmethod
    def of(cls, variant: Variant) -> Shape:
        """The shape of a variant, its vocabulary cut short."""
        assert (
            variant.layers
            and variant.hidden_size
            and variant.heads
            and variant.kv_heads
            and variant.intermediate_size
        )
        return cls(
            layers=variant.layers,
            hidden=variant.hidden_size,
            heads=variant.heads,
            kv_heads=variant.kv_heads,
            head_dim=variant.head_dim or variant.hidden_size // variant.heads,
            feed_forward=variant.intermediate_size,
            positions=variant.max_tokens,
            first_position=2
            if "xlm-roberta" in (variant.tokenizer or "")
            else 0,  # positions follow the padding token's id, 1
            decoder=variant.pooling == "last_token",
            reranker=variant.kind == "reranker",
        )

    @property
    def weights(self) -> int:
        """Values of the layers, without biases and tables."""
        attention = 2 * self.hidden * (self.heads + self.kv_heads) * self.head_dim
        return self.layers * (
            attention + (3 if self.decoder else 2) * self.hidden * self.feed_forward
        )

    def live_bytes(self, batch: int, tokens: int) -> float:
        """Bytes of one fp32 pass: attention's scores before and after softmax, and the widest layer
        thrice.
        """
        return (
            4 * batch * tokens * (2 * self.heads * tokens + 3 * self.feed_forward + 6 * self.hidden)
        )


class Graph:
    """An ONNX model in the making, which computes in fp32.

    Weights are those of `given` by name, where there are some; else random ones, the same in each
    run, with the standard deviation that `spread` gives for the name. They are kept in fp32, or in
    `precision` fp16.
    """

    def __init__(
        self,
        given: Mapping[str, np.ndarray] | None = None,
        spread: Callable[[str], float] = lambda name: 0.05,
        precision: str = "fp32",
    ) -> None:
        self.given = given
        self.spread = spread
        self.precision = precision
        self.nodes: list[Any] = []
        self.tensors: dict[str, Any] = {}
        self.random = np.random.default_rng(0)

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node; the name of its output."""
        from onnx import helper

        name = f"{kind}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: Any, dtype: type = np.float32) -> str:
        """Keeps a constant; its name."""
        name = f"constant.{len(self.tensors)}"
        return self.keep(name, np.asarray(value, dtype))

    def keep(self, name: str, value: np.ndarray) -> str:
        """Keeps a tensor under its name."""
        from onnx import numpy_helper

        self.tensors[name] = numpy_helper.from_array(value, name)
        return name

    def weight(self, name: str, *shape: int, around: float = 0.0) -> str:
        """A weight in fp32: the given one, which must have this shape, or a random one."""
        if self.given is None:
            value = self.random.standard_normal(shape, np.float32) * np.float32(
                self.spread(name)
            ) + np.float32(around)
        else:
            value = np.ascontiguousarray(self.given[name], np.float32)
            if value.shape != shape:
                raise ValueError(f"{name} has shape {value.shape}, not {shape}.")
        if self.precision == "fp16":
            return self.op("Cast", self.keep(name, value.astype(np.float16)), to=1)
        return self.keep(name, value)

    def linear(self, x: str, name: str, wide: int, out: int, bias: bool = True) -> str:
        """A fully connected layer."""
        product = self.op("MatMul", x, self.weight(f"{name}.weight", wide, out))
        return self.op("Add", product, self.weight(f"{name}.bias", out)) if bias else product

    def norm(self, x: str, name: str, wide: int, epsilon: float = 1e-12) -> str:
        """Layer normalisation."""
        scale, shift = (
            self.weight(f"{name}.weight", wide, around=1.0),
            self.weight(f"{name}.bias", wide),
        )
        return self.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=epsilon)

    def rms_norm(self, x: str, name: str, wide: int) -> str:
        """Root mean square normalisation."""
        return self.op(
            "RMSNormalization",
            x,
            self.weight(f"{name}.weight", wide, around=1.0),
            axis=-1,
            epsilon=1e-6,
        )

    def split(self, x: str, heads: list[int], perm: list[int]) -> str:
        """The last axis as heads, with the axes in another order."""
        return self.op(
            "Transpose", self.op("Reshape", x, self.constant([0, 0, *heads], np.int64)), perm=perm
        )

    def positions(self, first: int) -> str:
        """Position of each token."""
        length = self.op("Gather", self.op("Shape", "input_ids"), self.constant(1, np.int64))
        start = self.constant(first, np.int64)
        return self.op("Range", start, self.op("Add", start, length), self.constant(1, np.int64))

    def padding(self, axes: list[int]) -> str:
        """What is added to the scores: 0 at a token, -1e9 at padding."""
        real = self.op(
            "Unsqueeze", self.op("Cast", "attention_mask", to=1), self.constant(axes, np.int64)
        )
        return self.op("Mul", self.op("Sub", self.constant(1), real), self.constant(-1e9))

    def model(self, name: str, result: str, opset: int = 17) -> Any:
        """The model whose output `name` is the tensor `result`; its inputs are those that the nodes
        take.
        """
        from onnx import TensorProto, helper

        taken = {each for node in self.nodes for each in node.input}
        inputs = [
            each for each in ("input_ids", "attention_mask", "token_type_ids") if each in taken
        ]
        given = [
            helper.make_tensor_value_info(each, TensorProto.INT64, ["batch", "tokens"])
            for each in inputs
        ]
        self.nodes.append(helper.make_node("Identity", [result], [name]))
        value = helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "model", given, [value], list(self.tensors.values()))
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10
        )


def hidden_states(g: Graph, shape: Shape) -> str:
    """The encoder's last hidden states, shape (batch, tokens, hidden). Source: transformers,
    modeling_bert and modeling_xlm_roberta.
    """
    wide = shape.hidden
    words = g.op("Gather", g.weight("words", shape.vocabulary, wide), "input_ids")
    places = g.op(
        "Gather",
        g.weight("positions", shape.first_position + shape.positions, wide),
        g.positions(shape.first_position),
    )
    if shape.segments == 1:
        segments = g.weight("segment", wide)
    else:
        segments = g.op("Gather", g.weight("segments", shape.segments, wide), "token_type_ids")
    x = g.norm(g.op("Add", g.op("Add", words, places), segments), "embedding", wide, shape.epsilon)
    padding, scale, half, root = (
        g.padding([1, 2]),
        g.constant(shape.head_dim**0.5),
        g.constant(0.5),
        g.constant(2**0.5),
    )
    for layer in range(shape.layers):
        q, k, v = (
            g.split(g.linear(x, f"{layer}.{name}", wide, wide), [shape.heads, shape.head_dim], perm)
            for name, perm in (
                ("query", [0, 2, 1, 3]),
                ("key", [0, 2, 3, 1]),
                ("value", [0, 2, 1, 3]),
            )
        )
        scores = g.op(
            "Softmax", g.op("Add", g.op("Div", g.op("MatMul", q, k), scale), padding), axis=-1
        )
        joined = g.op("Transpose", g.op("MatMul", scores, v), perm=[0, 2, 1, 3])
        attended = g.linear(
            g.op("Reshape", joined, g.constant([0, 0, wide], np.int64)),
            f"{layer}.output",
            wide,
            wide,
        )
        x = g.norm(g.op("Add", attended, x), f"{layer}.attention_norm", wide, shape.epsilon)
        f = g.linear(x, f"{layer}.up", wide, shape.feed_forward)
        f = g.op(
            "Mul",
            g.op("Mul", f, g.op("Add", g.op("Erf", g.op("Div", f, root)), g.constant(1))),
            half,
        )
        x = g.norm(
            g.op("Add", g.linear(f, f"{layer}.down", shape.feed_forward, wide), x),
            f"{layer}.norm",
            wide,
            shape.epsilon,
        )
    return x


def score(g: Graph, shape: Shape, last: str) -> str:
    """A reranker's logits from its hidden states, shape (batch, 1): the first token through a dense
    layer, tanh and another one.
    """
    first = g.op("Gather", last, g.constant(0, np.int64), axis=1)
    return g.linear(
        g.op("Tanh", g.linear(first, "dense", shape.hidden, shape.hidden)), "score", shape.hidden, 1
    )
