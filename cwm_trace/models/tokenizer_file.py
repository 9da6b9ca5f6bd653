"""A `tokenizer.json` through the library `tokenizers` alone: what `causal.Codec` asks of a tokenizer, without the import of transformers.

Text is never parsed for special tokens here, which is all that a `Codec` wants; nothing is put before or after it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

# Classes of transformers that take the file as it is; others build a tokenizer anew, from parts of it.
_PLAIN = {"TokenizersBackend", "PreTrainedTokenizerFast"}


def is_plain(folder: Path) -> bool:
    """Whether this folder's tokenizer is what its `tokenizer.json` says, and nothing more."""
    try:
        settings = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
        return settings["tokenizer_class"] in _PLAIN and (folder / "tokenizer.json").is_file()
    except (OSError, ValueError, KeyError, TypeError):
        return False


class TokenizerFile:
    """Stands where a `Codec` expects a fast tokenizer of transformers."""

    is_fast = True
    unk_token_id = None

    def __init__(self, folder: Path) -> None:
        """Raises whatever `tokenizers` raises for a damaged file (it has no exception of its own)."""
        from tokenizers import Tokenizer

        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.encode_special_tokens = True  # as text, that is
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def convert_tokens_to_ids(self, token: str) -> int | None:
        """None for a token that is not there."""
        number: int | None = self._tokenizer.token_to_id(token)
        return number

    def encode(self, text: str, **_: Any) -> list[int]:
        """Ids of plain text."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def __call__(self, text: str, **_: Any) -> dict[str, Any]:
        """Ids, and the (start, end) of each in the text."""
        read = self._tokenizer.encode(text, add_special_tokens=False)
        return {"input_ids": read.ids, "offset_mapping": read.offsets}

    def decode(self, ids: list[int], **_: Any) -> str:
        """Text, special tokens spelled out."""
        text: str = self._tokenizer.decode(ids, skip_special_tokens=False)
        return text
