"""A tiny, randomly initialised `CwmForCausalLM` with a tokenizer that has the trace tokens at facebook/cwm's ids.

Two of its four layers attend to a short window only, so that both kinds of the real model's layers matter in tests.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import CwmConfig, CwmForCausalLM, PreTrainedTokenizerFast

from cwm_trace.format import BEGIN_OF_TEXT, CWM_TOKEN_IDS, END_OF_TEXT, FRAME_SEP

VOCABULARY = 128_256
WINDOW = 16
FIRST_ADDED = 128_000
EOT = "<|eot_id|>"  # a special token of Meta's tokenizers that is none of the format's


def byte_ids(text: str) -> list[int]:
    """The tokenizer's ids of plain text. GPT-2's byte-level alphabet: printable Latin-1 stands for itself, the rest from U+0100 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    symbols = {byte: byte for byte in printable} | {byte: 256 + number for number, byte in enumerate(others)}
    order = sorted(symbols.values())
    return [order.index(symbols[byte]) for byte in text.encode()]


def build_tokenizer(
    *, special: bool = True, adds_begin: bool = True, without: str = "", swap: tuple[str, str] = ("", "")
) -> Any:
    """Byte-level, one token a byte, as Meta's has it: the added tokens at 128000 and up, `<|begin_of_text|>` put first by default.

    `special`: whether the trace tokens are special ones, as in Meta's. `without`: a trace token to leave out; `swap`: two to exchange.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    fillers = {f"<|filler_{number}|>": number for number in range(len(alphabet), FIRST_ADDED)}
    vocabulary = {symbol: number for number, symbol in enumerate(alphabet)} | fillers
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    spelled = {number: token for token, number in CWM_TOKEN_IDS.items()} | {128_008: EOT}
    for number in range(FIRST_ADDED, VOCABULARY):
        token = spelled.get(number, f"<|reserved_{number}|>")
        token = {swap[0]: swap[1], swap[1]: swap[0], without: f"<|reserved_{number}|>"}.get(token, token)
        ends = token in (BEGIN_OF_TEXT, END_OF_TEXT, EOT) or token not in CWM_TOKEN_IDS
        added = AddedToken(token, normalized=False, special=special or ends)
        tokenizer.add_special_tokens([added]) if added.special else tokenizer.add_tokens([added])
    if adds_begin:
        pair = (BEGIN_OF_TEXT, CWM_TOKEN_IDS[BEGIN_OF_TEXT])
        tokenizer.post_processor = processors.TemplateProcessing(single=f"{BEGIN_OF_TEXT} $A", special_tokens=[pair])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=BEGIN_OF_TEXT, eos_token=END_OF_TEXT, clean_up_tokenization_spaces=False
    )


def build_model(*, seed: int = 0, positions: int = 1024) -> Any:
    """The network, in float32 on the CPU."""
    torch.manual_seed(seed)
    config = CwmConfig(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=positions,
        sliding_window=WINDOW,
        layer_types=["full_attention", "sliding_attention", "sliding_attention", "full_attention"],
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        bos_token_id=CWM_TOKEN_IDS[BEGIN_OF_TEXT],
        eos_token_id=[CWM_TOKEN_IDS[END_OF_TEXT], 128_008],
        tie_word_embeddings=False,
        initializer_range=0.3,
    )
    model = CwmForCausalLM(config).eval()
    _speak(model.lm_head.weight)
    return model


@torch.no_grad()
def _speak(head: Any) -> None:
    """Let it write ASCII and trace tokens, the separator often, and hardly ever one of the many ids that stand for nothing."""
    spoken = byte_ids("".join(map(chr, range(32, 127))) + "\n")
    rows = head[spoken] * 4
    head.zero_()
    head[spoken] = rows
    trace = list(CWM_TOKEN_IDS.values())
    head[trace] = torch.randn(len(trace), head.shape[1])
    head[CWM_TOKEN_IDS[FRAME_SEP]] *= 2
    head[CWM_TOKEN_IDS[END_OF_TEXT]] *= 0.5


def save_model(folder: Path, *, special: bool = True, adds_begin: bool = True) -> Path:
    """Model and tokenizer in Hugging Face layout."""
    build_model().save_pretrained(folder)
    build_tokenizer(special=special, adds_begin=adds_begin).save_pretrained(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    assert settings["bos_token"] == BEGIN_OF_TEXT
    return folder
