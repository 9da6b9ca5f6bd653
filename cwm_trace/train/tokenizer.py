"""The tokenizer of `nano`: characters, and a fixed table of code pieces.

Values are spelled character by character (published failures of the 32B model sit in string values, and come from subword
tokens). What is not a value - keywords, method names with their dot and parenthesis, common variable names, the punctuation
of the format - is one token each, which makes traces about half as long. A piece is used only where the text around it says that
it is code (see the look-arounds), so that `'data'` inside a value stays four letters. What it cannot tell from code are words
between spaces: the `data` and ` in ` of `'my data in here'` are pieces. Lossless for every text that UTF-8 can encode: characters
outside ASCII become its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from cwm_trace.format import ARG_SEP, BEGIN_OF_TEXT, END_OF_TEXT, EVENT_TOKENS, FRAME_SEP, START_MARK, TRACE_TOKENS
from cwm_trace.models.literal_positions import CODE, STATE, spelling

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

PAD = "<|pad|>"
SPECIAL = (PAD, BEGIN_OF_TEXT, END_OF_TEXT, *TRACE_TOKENS)

_METHODS = """
append insert pop remove extend sort reverse index count copy clear get items keys values update setdefault popitem fromkeys
add discard union upper lower swapcase title capitalize casefold strip lstrip rstrip split rsplit splitlines partition rpartition
replace join find rfind startswith endswith removeprefix removesuffix zfill center ljust rjust expandtabs translate maketrans
format encode decode isdigit isalpha isalnum isupper islower isspace istitle isnumeric isdecimal isidentifier isascii isprintable
difference intersection issubset push
""".split()
_FUNCTIONS = """
len range str int float bool list dict set tuple sorted reversed enumerate zip map filter sum min max abs all any ord chr print
isinstance type round divmod repr iter next lambda bin hex pow frozenset bytes super open input hash id vars
""".split()
WORDS = """
text string word words str1 txt value values name names data input_string sentence line lines message phrase char chars letter
sep delim symbol sign character old new num nums number numbers limit size idx start end step target flag found valid done
check ratio rate total price avg lst arr array items item integers scores score list1 list2 nums2 elements element sequence strings
tokens token parts part texts matrix grid rows row lists groups group pairs pair entries tuples dic dct counts mapping freq my_dict
inventory ages dictionary table lookup config graph index tup point seen unique result new_text output res ans out new_string ret
count counter new_list new_nums content key keys val elem self temp tmp left right pos prev cur current length max_len longest
vowels stack helper digits digit suffix prefix substring separator last first sum key_list val_list parts
solve process transform func compute convert run build update_items count_items main None True False object
ValueError KeyError IndexError TypeError ZeroDivisionError Exception AttributeError StopIteration
list_iterator tuple_iterator str_iterator str_ascii_iterator range_iterator dict_keyiterator dict_items dict_keys dict_values generator
function locals
""".split()
_OPERATORS = "= += -= *= //= %= == != >= <= > < + - * // % / ** | & ^ in and or if else is".split()

_OPENERS, _CLOSERS = ("['", "{'", "('", "[["), ("']", "'}", "')", "]]")
_STRUCTURE = ('": "..", "', '": ".."}', '": "', '", "', '{"', '"}', "{}", "', '", "': '", "': ", *_OPENERS, *_CLOSERS)
_LINES = ("else:\n", "break\n", "continue\n", "pass\n", "try:\n", "finally:\n", ":\n", "):\n", ")\n", "]\n", "\n")
_STATEMENTS = (
    "return ",
    "for ",
    "if ",
    "elif ",
    "while ",
    "def ",
    "class ",
    "except ",
    "del ",
    "yield ",
    "raise ",
    "with ",
)
_INDENTS = tuple("    " * depth for depth in range(5, 0, -1))
_HEADS = ("def f(", "def main():\n", "return f(")
_PHRASES = (
    START_MARK,
    *(f" {operator} " for operator in _OPERATORS),
    " not in ",
    " is not ",
    "not ",
    " for ",
    "lambda ",
)
_COMMA = ", "


def _any(words: tuple[str, ...] | list[str]) -> str:
    """Alternatives, longest first, so that none hides a longer one."""
    return "(?:" + "|".join(sorted(map(re.escape, dict.fromkeys(words)), key=len, reverse=True)) + ")"


def _pattern() -> str:
    """The pre-tokenizer's regular expression: a piece of the table where it is code, else one character."""
    line_start = r"(?:\A|(?<=\n)|(?<=    ))"
    return "|".join(
        [
            rf"(?:\A|(?<=\n)){_any(_INDENTS)}",
            rf"{line_start}{_any(_HEADS)}",
            rf"{line_start}{_any(_STATEMENTS)}",
            rf"{line_start}{_any(_LINES[:6])}",
            rf"\.{_any(_METHODS)}\(",
            rf"(?<![\w.'\"]){_any(_FUNCTIONS)}\(",
            rf"(?<=\{{\"){_any(WORDS)}(?=\": )",
            rf"(?<=, \"){_any(WORDS)}(?=\": )",
            rf"(?<![\w'\"]){_any(WORDS)}(?![\w'\"])",
            _any(_PHRASES),
            _any(_STRUCTURE),
            rf"(?<=[0-9\])}}'\"]){_COMMA}",
            _any(_LINES),
            r"[\s\S]",
        ]
    )


def pieces() -> list[str]:
    """The whole vocabulary, in the order of the ids."""
    code = [f".{name}(" for name in _METHODS] + [f"{name}(" for name in _FUNCTIONS] + list(WORDS)
    table = chain(_INDENTS, _HEADS, _STATEMENTS, _LINES, _PHRASES, _STRUCTURE, [_COMMA], code)
    characters = [chr(number) for number in (9, 13, *range(32, 127))]
    used = [piece for piece in table if len(piece) > 1 or piece == "\n"]
    return list(dict.fromkeys([*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *characters, *used]))


def literal_symbols() -> list[str]:
    """What `models.literal_positions` must know of each token, in the order of the ids."""
    return [_symbols(piece) for piece in pieces()]


def _symbols(piece: str) -> str:
    if piece in SPECIAL:
        return STATE if piece in (FRAME_SEP, ARG_SEP, *EVENT_TOKENS.values()) else CODE
    if byte := re.fullmatch("<0x(..)>", piece):
        return "" if 0x80 <= int(byte[1], 16) < 0xC0 else "x"  # a character counts at its first byte
    return spelling(piece)


@lru_cache(maxsize=1)
def build_backend() -> Tokenizer:
    """The tokenizer alone, without transformers, whose import takes seconds."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

    vocabulary = {piece: number for number, piece in enumerate(pieces())}
    model = models.BPE(vocab=vocabulary, merges=[], byte_fallback=True, ignore_merges=True)
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_pattern()), behavior="isolated")
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in SPECIAL])
    return tokenizer


@lru_cache(maxsize=1)
def build_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer as transformers knows it (fast, special tokens as single ids, exact decoding)."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=build_backend(),
        bos_token=BEGIN_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=PAD,
        clean_up_tokenization_spaces=False,
        model_max_length=4096,
    )


_SPECIAL = re.compile(f"({'|'.join(map(re.escape, SPECIAL))})")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_REMEMBERED = 200_000  # lines


class TraceEncoder:
    """Token ids of traces, several times as fast as the tokenizer: most of a trace's lines stand in it, or in others, many times.

    That is allowed because no piece goes on after a line's end and none looks behind its beginning: a line has the same tokens wherever it
    stands (the tests prove it on any text).
    """

    def __init__(self) -> None:
        self._backend = build_backend()
        vocabulary = self._backend.get_vocab()
        self._special = {token: [vocabulary[token]] for token in SPECIAL}
        self._known: dict[str, list[int]] = dict(self._special)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text."""
        split = [_lines(text) for text in texts]
        known = self._known
        new = list(dict.fromkeys(line for lines in split for line in lines if line not in known))
        known.update(
            zip(new, (item.ids for item in self._backend.encode_batch_fast(new, add_special_tokens=False)), strict=True)
        )
        made = [list(chain.from_iterable(map(known.__getitem__, lines))) for lines in split]
        if len(known) > _REMEMBERED:
            self._known = dict(self._special)
        return made


def _lines(text: str) -> list[str]:
    """Lines, and special tokens apart from what is around them."""
    parts = _SPECIAL.split(text)
    return [
        line
        for number, part in enumerate(parts)
        for line in ([part] if number % 2 or "\n" not in part else _LINE.findall(part))
        if line
    ]
