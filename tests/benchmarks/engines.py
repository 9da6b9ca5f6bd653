"""`python -m tests.benchmarks.engines [--rounds N]`: processor time of one pass of nano through several engines, in one run, on one thread.

Passes of 1, 9 and 25 tokens behind 300 others, all engines in turn, so that a busy machine slows all: the median over rounds, and how far the
logits are from ours. ONNX Runtime where `onnx` and `onnxruntime` are installed (its graph is built here: grouped-query attention with the cache
in place); in int8, too, by its dynamic quantisation.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cwm_trace.models import NANO_FOLDER
from cwm_trace.models.lean import LeanNetwork
from cwm_trace.models.literal_positions import LiteralReading
from cwm_trace.models.memory import OwnCache
from cwm_trace.models.trace_positions import PositionsReader, positions_reader
from cwm_trace.train.network import open_model

BEFORE, SIZES = 300, (1, 9, 25)
Pass = Callable[[Sequence[int]], Any]  # appends tokens, gives logits, and forgets the tokens again


def lean(ids: Sequence[int]) -> Pass:
    """Ours."""
    sequence = LeanNetwork.load(NANO_FOLDER).open()
    sequence.read(ids, 1)

    def one(more: Sequence[int]) -> Any:
        logits = sequence.read(more, len(more))
        sequence.forget(len(more))
        return logits.numpy()

    return one


def through_transformers(ids: Sequence[int]) -> Pass:
    """transformers' network and cache."""
    memory = OwnCache(open_model(NANO_FOLDER).eval())

    @torch.inference_mode()
    def read(more: Sequence[int]) -> Any:
        return memory._read(more, len(more)).logits.numpy()

    def one(more: Sequence[int]) -> Any:
        logits = read(more)
        memory.forget(len(more))
        return logits

    read(ids)
    return one


def onnx_runtime(ids: Sequence[int], int8: bool = False) -> Pass:
    """ONNX Runtime."""
    import onnxruntime  # type: ignore[import-not-found,unused-ignore]

    config, kinds = json.loads((NANO_FOLDER / "config.json").read_text()), onnxruntime.OrtValue
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "nano.onnx")
        path.write_bytes(_graph(config))
        if int8:
            from onnxruntime.quantization import quantize_dynamic  # type: ignore[import-not-found,unused-ignore]

            quantize_dynamic(
                path, path, extra_options={"DefaultTensorType": 1}
            )  # of what ONNX's own rules do not tell: float
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    shape = (1, config["num_key_value_heads"], 512, config["head_dim"])
    held = [kinds.ortvalue_from_numpy(np.zeros(shape, np.float32)) for _ in range(2 * config["num_hidden_layers"])]
    for number, value in enumerate(held):
        binding.bind_ortvalue_input(f"past{number}", value)
        binding.bind_ortvalue_output(f"present{number}", value)

    literals = LiteralReading(_literals(config))

    def read(more: Sequence[int], at: int) -> Any:
        binding.bind_cpu_input("literals", np.array([literals.read(more, at)], np.int64))
        binding.bind_cpu_input("ids", np.array([more], np.int64))
        binding.bind_cpu_input("last", np.array([at + len(more) - 1], np.int32))
        binding.bind_cpu_input("total", np.array([at + len(more)], np.int32))
        binding.bind_output("logits", "cpu")
        session.run_with_iobinding(binding)
        return binding.get_outputs()[-1].numpy()

    read(ids, 0)
    return lambda more: read(more, len(ids))[0]


def _literals(config: dict[str, Any]) -> PositionsReader:
    return positions_reader(config["literal_symbols"], config["literal_sizes"], config.get("trace_texts", ()))


def _graph(config: dict[str, Any]) -> bytes:
    """The network in ONNX's operators and those that ONNX Runtime adds."""
    from onnx import TensorProto, helper, numpy_helper  # type: ignore[import-not-found,unused-ignore]
    from safetensors.numpy import load_file

    weights = {name: item.astype(np.float32) for name, item in load_file(NANO_FOLDER / "model.safetensors").items()}
    heads, size, epsilon = config["num_attention_heads"], config["head_dim"], config["rms_norm_eps"]
    nodes: list[Any] = []
    constants: list[Any] = []
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "tokens"]),
        helper.make_tensor_value_info("literals", TensorProto.INT64, [1, "tokens", len(config["literal_sizes"])]),
        helper.make_tensor_value_info("last", TensorProto.INT32, [1]),
        helper.make_tensor_value_info("total", TensorProto.INT32, [1]),
    ]
    outputs: list[Any] = []

    def constant(name: str, value: Any) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(kind: str, given: list[str], made: list[str], ours: bool = False, **options: Any) -> str:
        nodes.append(helper.make_node(kind, given, made, domain="com.microsoft" if ours else "", **options))
        return made[0]

    def product(value: str, name: str, *matrices: str) -> str:
        matrix = np.concatenate([weights[one] for one in matrices]).T
        return node("MatMul", [value, constant(f"{name}.weight", matrix)], [name])

    angles = np.arange(4096, dtype=np.float32)[:, None] / config["rope_parameters"]["rope_theta"] ** (
        np.arange(0, size, 2, dtype=np.float32) / size
    )
    cosines, sines = constant("cosines", np.cos(angles)), constant("sines", np.sin(angles))
    stream = node("Gather", [constant("embedding", weights["model.embed_tokens.weight"]), "ids"], ["embedded"])
    first = constant("first", np.array(_literals(config).first))
    places = node("Add", ["literals", first], ["places"])
    told = node("Gather", [constant("told", weights["model.embed_literals.weight"]), places], ["told_each"])
    axes = constant("kinds", np.array([2]))
    stream = node("Add", [stream, node("ReduceSum", [told, axes], ["told_all"], keepdims=0)], ["begun"])
    norm = constant("norm", weights["model.layers.0.input_layernorm.weight"])
    normed = node("SimplifiedLayerNormalization", [stream, norm], ["normed"], axis=-1, epsilon=epsilon)
    for number, kind in enumerate(config["layer_types"]):
        name, window = f"model.layers.{number}.", -1 if kind == "full_attention" else config["sliding_window"]
        read = product(normed, f"{name}read", *(f"{name}self_attn.{one}_proj.weight" for one in "qkv"))
        held = [2 * number, 2 * number + 1]
        for place in held:
            inputs.append(
                helper.make_tensor_value_info(f"past{place}", TensorProto.FLOAT, [1, heads, "positions", size])
            )
            outputs.append(
                helper.make_tensor_value_info(f"present{place}", TensorProto.FLOAT, [1, heads, "reached", size])
            )
        found = node(
            "GroupQueryAttention",
            [read, "", "", *(f"past{place}" for place in held), "last", "total", cosines, sines],
            [f"{name}found", *(f"present{place}" for place in held)],
            True,
            num_heads=heads,
            kv_num_heads=config["num_key_value_heads"],
            do_rotary=1,
            local_window_size=window,
        )
        attended = product(found, f"{name}attended", f"{name}self_attn.o_proj.weight")
        norm = constant(f"{name}norm", weights[f"{name}post_attention_layernorm.weight"])
        made = [f"{name}normed", "", "", f"{name}stream"]
        normed = node("SkipSimplifiedLayerNormalization", [stream, attended, norm], made, True, epsilon=epsilon)
        gates = product(normed, f"{name}gates", f"{name}mlp.gate_proj.weight")
        ups = product(normed, f"{name}ups", f"{name}mlp.up_proj.weight")
        wide = node("Mul", [node("QuickGelu", [gates], [f"{name}silu"], True, alpha=1.0), ups], [f"{name}wide"])
        narrow = product(wide, f"{name}narrow", f"{name}mlp.down_proj.weight")
        following = f"model.layers.{number + 1}.input_layernorm.weight"
        norm = constant(f"{name}last", weights[following] if following in weights else weights["model.norm.weight"])
        given, made = [made[3], narrow, norm], [f"{name}through", "", "", f"{name}after"]
        normed = node("SkipSimplifiedLayerNormalization", given, made, True, epsilon=epsilon)
        stream = made[3]
    nodes.append(
        helper.make_node("MatMul", [normed, constant("head", weights["model.embed_tokens.weight"].T)], ["logits"])
    )
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, "tokens", config["vocab_size"]])
    graph = helper.make_graph(nodes, "nano", inputs, [*outputs, logits], constants)
    versions = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    written: bytes = helper.make_model(graph, opset_imports=versions, ir_version=9).SerializeToString()
    return written


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    args = parser.parse_args()
    torch.set_num_threads(1)
    ids = np.random.default_rng(0).integers(10, 700, BEFORE + max(SIZES)).tolist()
    before, after = ids[:BEFORE], ids[BEFORE:]
    makers: dict[str, Callable[[], Pass]] = {
        "ours (models.lean)": lambda: lean(before),
        "transformers": lambda: through_transformers(before),
        "ONNX Runtime": lambda: onnx_runtime(before),
        "ONNX Runtime, int8": lambda: onnx_runtime(before, int8=True),
    }
    passes: dict[str, Pass] = {}
    for name, make in makers.items():
        started = time.perf_counter()
        try:
            passes[name] = make()
            for size in SIZES:
                passes[name](after[:size])
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {str(error).splitlines()[0]}")
            passes.pop(name, None)
            continue
        print(f"{name}: ready after {time.perf_counter() - started:.1f} s", flush=True)
    for size in SIZES:
        taken: dict[str, list[float]] = {name: [] for name in passes}
        for _ in range(args.rounds):
            for name, one in passes.items():
                started = time.thread_time()
                one(after[:size])
                taken[name].append(1e3 * (time.thread_time() - started))
        wanted = passes["ours (models.lean)"](after[:size])
        for name, times in taken.items():
            apart = float(np.abs(passes[name](after[:size]) - wanted).max())
            print(
                f"{size:2} tokens  {name:28} {statistics.median(times):6.2f} ms (least {min(times):.2f})  apart by {apart:.1e}"
            )


if __name__ == "__main__":
    main()
