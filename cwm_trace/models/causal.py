"""Any causal language model of transformers: `hf:PATH_OR_ID`, and `nano`, which comes in the package.

`facebook/cwm` is the one that matters. Prompts are token-exact: trace tokens are single ids, and the text between them is encoded with
special-token parsing off, so a program that spells `<|frame_sep|>` cannot end a frame.
"""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cwm_trace.errors import ModelError, how_to_install
from cwm_trace.format import (
    ACTION_SEP,
    ARG_SEP,
    BEGIN_OF_TEXT,
    CONTEXT_START,
    CWM_TOKEN_IDS,
    END_OF_TEXT,
    EVENT_TOKENS,
    FRAME_SEP,
    SPECIAL_TOKENS,
    render_frame,
    render_step,
)
from cwm_trace.frames import Frame, Step, Trace
from cwm_trace.models.asking import Asker
from cwm_trace.models.base import Decoding, FrameScore, Generated, PartScore, Stop, settled
from cwm_trace.models.constraint import FrameGrammar
from cwm_trace.models.devices import check_device, check_dtype
from cwm_trace.models.draft import Drafter
from cwm_trace.models.past import Part, Past, texts
from cwm_trace.models.told import Told
from cwm_trace.parts import Span, frame_parts

if TYPE_CHECKING:
    from cwm_trace.models.workers import Workers

_NEEDED = (CONTEXT_START, FRAME_SEP, ACTION_SEP, ARG_SEP, *EVENT_TOKENS.values(), BEGIN_OF_TEXT, END_OF_TEXT)
_PIECES = re.compile("(" + "|".join(map(re.escape, SPECIAL_TOKENS)) + ")")
_WIDE = "\x80"  # stands for any character beyond ASCII
_CWM_VOCABULARY = 128_256
_HUB_SECONDS = 10.0  # that the hub has to answer
_LAYOUT = "Give a folder in Hugging Face layout, or the id of a model that is downloaded"


class Spelled(NamedTuple):
    """A token and its characters in a text, end excluded; the tokens of one character all have that character."""

    id: int
    start: int
    end: int


class Codec:
    """CWM text to token ids and back, exact on both ways."""

    def __init__(self, tokenizer: Any, name: str = "") -> None:
        """Raises ModelError where the tokenizer lacks a trace token."""
        self.tokenizer = tokenizer
        self.ids = {token: self._single(token, name) for token in _NEEDED}
        self._lock = threading.Lock()  # the tokenizers library refuses a second thread ("Already borrowed")
        self._first: list[str] | None = None

    def _single(self, token: str, name: str) -> int:
        number = self.tokenizer.convert_tokens_to_ids(token)
        if number is None or number == getattr(self.tokenizer, "unk_token_id", None):
            raise ModelError(
                f"the tokenizer of {name or 'this model'} has no token {token}",
                hint="Use a model trained on CWM traces",
            )
        return int(number)

    def check(self, expected: Mapping[str, int], name: str) -> None:
        """Raises ModelError unless the trace tokens have these ids: weights trained with others would write nonsense."""
        for token, number in expected.items():
            if self.ids[token] != number:
                raise ModelError(f"the tokenizer of {name} has {token} at {self.ids[token]}, CWM at {number}")

    def encode(self, text: str) -> list[int]:
        """Token ids of CWM text; only the format's own tokens are special."""
        return [number for piece in filter(None, _PIECES.split(text)) for number in self._piece_ids(piece)]

    def _piece_ids(self, piece: str) -> list[int]:
        if piece in self.ids:
            return [self.ids[piece]]
        with self._lock:
            ids: list[int] = self.tokenizer.encode(
                _encodable(piece), add_special_tokens=False, split_special_tokens=True
            )
        return ids

    def spelled(self, text: str) -> list[Spelled]:
        """The same ids, each with the characters of the text that it stands for. Raises ModelError where the tokenizer does not tell."""
        tokens: list[Spelled] = []
        at = 0
        for piece in filter(None, _PIECES.split(text)):
            tokens += [Spelled(number, at + start, at + end) for number, start, end in self._piece_spelled(piece)]
            at += len(piece)
        return tokens

    def _piece_spelled(self, piece: str) -> Iterator[Spelled]:
        if piece in self.ids:
            yield Spelled(self.ids[piece], 0, len(piece))
            return
        if not getattr(self.tokenizer, "is_fast", True):
            raise ModelError(
                "this tokenizer does not tell which characters a token stands for",
                hint="Teacher-forced scores need a fast tokenizer (tokenizer.json)",
            )
        with self._lock:
            read = self.tokenizer(
                _encodable(piece), add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True
            )
        for number, (start, end) in zip(read["input_ids"], read["offset_mapping"], strict=True):
            yield Spelled(number, start, end)

    def first_character(self, number: int) -> str:
        """What a token begins with wherever it stands, `_WIDE` for all beyond ASCII; "" where that is not known, or it is a special one."""
        if self._first is None:
            self._first = _first_characters(self.tokenizer, set(self.ids.values()))
        return self._first[number] if number < len(self._first) else ""

    def decode(self, ids: list[int]) -> str:
        """Text of token ids, special tokens spelled out."""
        with self._lock:
            text: str = self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text


def _first_characters(tokenizer: Any, special: Collection[int]) -> list[str]:
    """By token id. Known of byte-level tokenizers, whose tokens are spelled in GPT-2's alphabet."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if type(getattr(backend, "decoder", None)).__name__ != "ByteLevel":
        return []
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    alphabet = {character: byte for byte, character in bytes_to_unicode().items()}
    spelled = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    apart = {*special, *tokenizer.added_tokens_decoder}
    bytes_ = (None if number in apart or not text else alphabet.get(text[0]) for number, text in enumerate(spelled))
    return ["" if byte is None else chr(byte) if byte < 0x80 else _WIDE for byte in bytes_]


def _encodable(text: str) -> str:
    """Text without lone surrogates, which no tokenizer takes (no source file has them, only a string given as source)."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _end_ids(config: Any) -> Iterable[int]:
    ends = getattr(config, "eos_token_id", None)
    return (ends,) if isinstance(ends, int) else ends or ()


@contextmanager
def _quiet(logging: Any) -> Iterator[None]:
    """Keeps transformers' warnings and progress bars off the terminal while a model is loaded."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _load_lean(folder: Path, device: str, dtype: str | None) -> tuple[Any, Any] | None:
    """A network that `models.lean` can compute and its tokenizer, on the CPU, in float32; None for any other."""
    from cwm_trace.models.lean import LeanNetwork, is_lean
    from cwm_trace.models.tokenizer_file import TokenizerFile, is_plain

    if device != "cpu" or not is_lean(folder, dtype) or not is_plain(folder):
        return None
    return LeanNetwork.load(folder), TokenizerFile(folder)


def _load(path: str, device: str, dtype: str, revision: str | None) -> tuple[Any, Any]:
    """Network and tokenizer, by transformers."""
    import accelerate  # noqa: F401  (transformers needs it for device_map)
    import transformers

    import cwm_trace.models.literal_cwm  # noqa: F401  (makes it known to transformers)

    with _quiet(transformers.utils.logging):
        where: dict[str, Any] = {
            "revision": revision,
            "local_files_only": not (Path(path).is_dir() or _is_reachable(path)),
        }
        tokenizer = transformers.AutoTokenizer.from_pretrained(path, **where)
        model = transformers.AutoModelForCausalLM.from_pretrained(path, device_map=device, dtype=dtype, **where)
    return model.eval(), tokenizer


def _is_reachable(repository: str) -> bool:
    """Whether the hub answers: transformers asks a hub that does not again and again for each file, a minute in all."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        HfApi().model_info(repository, timeout=_HUB_SECONDS)
    except HfHubHTTPError:  # an answer, if not a good one; transformers tells what it means
        return True
    except Exception:  # of whatever library makes the connection
        return False
    return True


class CausalModel:
    """A causal LM with a tokenizer that knows CWM's trace tokens.

    Attributes:
        dtype: the number format that it computes in.
        reads_notes: whether notes stand between the frames that the network reads (`models.notes`).
        constrained: whether its frames are constrained where a `Decoding` does not say.
        asks_tests: whether it is asked what tests give, where its frames are constrained (`models.asking`).
        asks_operations: and what the operations of a line give, one by one.
        asks_steps: and of what Python does item by item, each step (`models.steps`).
        told: what it has answered.
        window: the longest text in tokens that it can read and write, None where it does not say.
    """

    def __init__(self, model: Any, tokenizer: Any, name: str) -> None:
        """`model`: of transformers, or a `models.lean.LeanNetwork`."""
        self._model, self.name = model, name
        self._is_lean = hasattr(model, "open")
        self.dtype = str(getattr(model, "dtype", "float32")).removeprefix("torch.")
        self._batcher: Any = None
        self._path: str | None = None
        self.codec = Codec(tokenizer, name)
        self.window: int | None = getattr(model.config, "max_position_embeddings", None)
        self._text_length: int | None = getattr(model.config, "text_length", None)
        self.reads_notes = bool(getattr(model.config, "reads_notes", False))
        self.constrained = bool(getattr(model.config, "constrained", False))
        self.asks_tests = self.reads_notes and bool(getattr(model.config, "asks_tests", False))
        self.asks_operations = self.reads_notes and bool(getattr(model.config, "asks_operations", False))
        self.asks_steps = self.asks_operations and bool(getattr(model.config, "asks_steps", False))
        self.told = Told()
        self.ends = frozenset(
            {self.codec.ids[END_OF_TEXT], *_end_ids(model.config), *_end_ids(model.generation_config)}
        )
        if getattr(model.config, "model_type", "") == "cwm" and model.config.vocab_size == _CWM_VOCABULARY:
            self.codec.check(CWM_TOKEN_IDS, name)

    @staticmethod
    def check(path: str, *, name: str, device: str | None = None, dtype: str | None = None) -> None:
        """What can be told before anything is loaded. Raises as `load` does."""
        try:
            check_device(device)
            check_dtype(dtype)
        except ImportError as error:
            raise ModelError(
                f"{name} needs {error.name}, which is not installed", hint=how_to_install("[model]")
            ) from None
        if name == "nano" and not (Path(path) / "model.safetensors").is_file():
            raise ModelError("this installation has no weights of nano", hint=f"Train it, or copy its files to {path}")
        if Path(path).is_absolute() and not Path(path).is_dir():  # no id of the hub
            raise ModelError(f"cannot load {name} (there is no folder {path})", hint=_LAYOUT)

    @classmethod
    def load(
        cls, path: str, *, name: str, device: str | None = None, dtype: str | None = None, revision: str | None = None
    ) -> CausalModel:
        """Load weights and tokenizer; `dtype` is by default the weights' own, or, on a CPU, where it is float16 and `models.lean` computes
        the network, float32. Raises ModelError where packages or files are missing, InputError for a device or number format that is not
        there."""
        cls.check(path, name=name, device=device, dtype=dtype)
        if name == "nano":
            dtype = dtype or "float32"
        try:
            import torch

            device = device or ("auto" if torch.cuda.is_available() else "cpu")
            model, tokenizer = _load_lean(Path(path), device, dtype) or _load(path, device, dtype or "auto", revision)
        except ImportError as error:
            raise ModelError(
                f"{name} needs {error.name}, which is not installed", hint=how_to_install("[model]")
            ) from None
        except Exception as error:  # torch, safetensors, tokenizers, the hub: each has its own, without a common root
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise ModelError(f"cannot load {name} ({lines[0].rstrip('.')})", hint=_LAYOUT) from error
        loaded = cls(model, tokenizer, name)
        loaded._path = path
        return loaded

    def rollout(self, prompt: Trace, decoding: Decoding) -> CausalRollout:
        """Begin a rollout; the prompt is read once, with the first frame."""
        return CausalRollout(self, prompt, decoding)

    def engine(self, decoding: Decoding) -> Any:
        """A sequence without tokens (`models.engine.Engine`)."""
        from cwm_trace.models.engine import Engine

        return Engine(
            self._model,
            temperature=decoding.temperature,
            seed=decoding.seed,
            window=self.window,
            drafter=self._drafter(decoding),
            memory=self._memory(),
        )

    def restart(self, engine: Any, decoding: Decoding) -> None:
        """Have another sequence take the place of an engine's."""
        engine.restart(self._drafter(decoding), self._memory)

    def go_on_with(self, engine: Any, decoding: Decoding, ids: Sequence[int]) -> None:
        """Have another sequence take the place of an engine's, of which it may have read the beginning."""
        engine.go_on_with(ids, self._drafter(decoding), self._memory)

    def past(self, prompt: Trace) -> Past:
        """What is known of a trace, to be told in a shorter text where it becomes longer than what the network was trained on."""
        return Past(prompt, self._size, self._text_length, self.window, self.reads_notes)

    def _size(self, text: str) -> int:
        return len(self.codec.encode(text))

    def _drafter(self, decoding: Decoding) -> Drafter | None:
        return Drafter(self.codec) if decoding.speculative else None

    def _memory(self) -> Any:
        """What a new sequence is kept in; None for a cache of transformers' own."""
        if self._batcher is not None:
            return self._batcher.open()
        return self._model.open() if self._is_lean else None

    def concurrent(self) -> CausalModel | Workers | None:
        """The same weights for rollouts in several threads, whose passes are run together; None where such passes are not known."""
        import torch

        from cwm_trace.models.batch import Batcher, can_batch
        from cwm_trace.models.workers import Workers

        if not can_batch(self._model):
            return None
        cores = torch.get_num_threads()
        if self._is_lean and self._path is not None and cores > 1:  # a lean pass is one core's work
            return Workers(self, self._path, cores)
        twin = copy.copy(self)
        twin._batcher = Batcher(self._model)
        return twin

    def score(self, trace: Trace, given: int = 1) -> tuple[FrameScore, ...]:
        """Teacher-forced scores of the frames after the first `given`, in one forward pass, or in one for each text that is read of a trace
        that is too long (`past`). Raises ModelError beyond its window."""
        parts = texts(trace, given, self._size, self._text_length, self.window, self.reads_notes)
        return tuple(score for part in parts for score in self._scores(part))

    def _scores(self, part: Part) -> Iterator[FrameScore]:
        from cwm_trace.models.engine import token_scores

        if not part.steps:
            return
        ids = self.codec.encode(part.text)
        first = len(ids)
        frames, starts = [], []
        for note, step in zip(part.notes, part.steps, strict=True):
            ids += self.codec.encode(note)
            starts.append(len(ids) - first)
            frames.append(self.codec.spelled(render_frame(step) + FRAME_SEP))
            ids += [token.id for token in frames[-1]]
        if self.window is not None and len(ids) > self.window:
            raise ModelError(f"the trace has {len(ids)} tokens, the window of {self.name} {self.window}")
        logprobs, choices = token_scores(self._model, ids, first)
        for step, frame, start in zip(part.steps, frames, starts, strict=True):
            here = slice(start, start + len(frame))
            yield self._frame_score(step, frame, logprobs[here], choices[here])

    def _frame_score(self, step: Step, frame: list[Spelled], logprobs: list[float], choices: list[int]) -> FrameScore:
        right = [token.id == choice for token, choice in zip(frame, choices, strict=True)]
        spans = frame_parts(step) if isinstance(step, Frame) and step.raw is None else []
        text = render_frame(step)
        parts = tuple(self._part_score(span, text, frame, right, choices) for span in spans)
        return FrameScore(sum(logprobs), len(frame), all(right), parts)

    def _part_score(
        self, span: Span, text: str, frame: list[Spelled], right: list[bool], choices: list[int]
    ) -> PartScore:
        """A token that reaches over the edge of a part counts for both sides."""
        inside = [number for number, token in enumerate(frame) if token.start < span.end and token.end > span.start]
        wrong = next((number for number in inside if not right[number]), None)
        part, true = span.part, text[span.start : span.end]
        if wrong is None:
            return PartScore(part, true, True)
        before = text[span.start : max(span.start, frame[wrong].start)]
        written = self.codec.decode([choices[wrong]])
        return PartScore(part, true, False, before + written[max(span.start - frame[wrong].start, 0) :])


class CausalRollout:
    """One trace growing inside a model."""

    def __init__(self, model: CausalModel, prompt: Trace, decoding: Decoding) -> None:
        self._model, self._codec, self._decoding = model, model.codec, decoding
        self._engine = model.engine(decoding)
        self._past = model.past(prompt)
        self._engine.push(self._codec.encode(self._past.text))
        self._grammar = FrameGrammar(prompt) if settled(decoding, model).constrained else None
        asks = self._grammar is not None and (model.asks_tests or model.asks_operations)
        self._asker = Asker(model, decoding) if asks else None
        self._separator = self._codec.ids[FRAME_SEP]
        self._ends = model.ends
        # The frame that is being written: a token limit may cut it off, and it goes on later.
        self._begun: list[int] = []
        self._is_noted = False  # whether the note before it has been read
        # What `_may_follow` was asked of last.
        self._asked: list[int] = []
        self._asked_text = ""
        self._answers: dict[str, bool] = {}
        self._is_behind = False  # whether frames are missing in what the engine has

    def feed(self, step: Step) -> None:
        """Append a given frame; only its own tokens are read."""
        if not self._is_behind:
            self._note()
            self._engine.push(self._codec.encode(render_step(step)))
        self._begin()
        self._past.observe(step)
        if self._grammar is not None:
            self._grammar.observe(step)

    def next_frame(self, *, prefix: str = "", max_tokens: int | None = None) -> Generated:
        """Write one frame."""
        settled = False
        if not self._begun:
            settled = self._asker is not None and self._ask(self._asker, prefix)
            if (settled or not prefix) and (made := self._only(max_tokens)) is not None:
                return made
            self._shorten()
        self._note(worked=not settled)
        given = self._codec.encode(prefix)
        self._engine.push(given)
        self._begun += given
        run = self._engine.generate(self._ends | {self._separator}, max_tokens, self._grammar and self._allowed)
        stop = Stop.TOKENS
        if run.stopped:
            stop = Stop.FRAME if run.ids[-1] == self._separator else Stop.END
        made = run.ids[:-1] if run.stopped else run.ids
        text, whole = prefix + self._codec.decode(made), len(self._begun) == len(given)
        canonical = self._keep(made, stop)
        return Generated(canonical if whole and canonical is not None else text, stop, len(run.ids), run.logprob)

    def _shorten(self) -> None:
        """Where the text has become too long, go on behind a shorter one."""
        if (text := self._past.instead(inf if self._is_behind else self._engine.length)) is not None:
            self._is_behind = False
            self._model.go_on_with(self._engine, self._decoding, self._codec.encode(text))
            self._is_noted = False

    def _ask(self, asker: Asker, prefix: str = "") -> bool:
        """Let the frame come to which the network's answers lead: about what a test, a loop or another line gives. Whether they do."""
        assert self._grammar is not None
        outlook = asker.outlook(self._past.at_work, prefix) if self._past.at_work else None
        if outlook is None:
            return False
        self._grammar.hold(outlook)
        return True

    def _only(self, most: int | None) -> Generated | None:
        """The next frame, where nothing of it is left open: it is read when the network is to choose something again, if ever."""
        if self._grammar is None:
            return None
        ends = self._grammar.must_end
        text = "" if ends else self._grammar.only
        if text is None:
            return None
        ids = [*self._codec.encode(text), self._codec.ids[END_OF_TEXT] if ends else self._separator]
        if most is not None and most < len(ids):
            return None
        if not self._is_behind:
            self._note()
            if self._engine.has_room(len(ids)):
                self._engine.push(ids)
            elif self._past.is_limited:
                self._is_behind = True  # it is told anew, when the network is to choose
            else:
                return None
        stop = Stop.END if ends else Stop.FRAME
        logprob = self._asker.logprob if self._asker is not None else 0.0
        return Generated(self._keep(ids[:-1], stop) or text, stop, len(ids), logprob, settled=True)

    def _note(self, worked: bool = False) -> None:
        """Read what is to be read before a frame, once; `worked`: with what the network answers in place of operations, where the frame is not
        settled by that: whether a line raises is seen by what stands in it."""
        if not self._is_noted:
            work = self._asker.worked if worked and self._asker is not None and self._model.asks_operations else None
            self._engine.push(self._codec.encode(self._past.note(work)))
        self._is_noted = True

    def _begin(self) -> None:
        """The next frame has not begun."""
        self._begun, self._asked, self._is_noted = [], [], False

    def _keep(self, made: list[int], stop: Stop) -> str | None:
        """Keep what the next frame must know of this one; its text as it is written where it is constrained, None where it is not."""
        self._begun += made
        canonical = None
        if stop is Stop.FRAME and (self._past.wants_frames or self._grammar is not None):
            text = self._codec.decode(self._begun)
            self._past.wrote(text)
            if self._grammar is not None:
                canonical = self._grammar.wrote(text)
        if stop is not Stop.TOKENS:
            self._begin()
        return canonical

    def _allowed(self, ids: list[int]) -> bool:
        """Whether the frame may go on with these tokens."""
        assert self._grammar is not None
        frame, last = self._begun + ids, ids[-1]
        if not self._may_follow(frame[:-1], self._codec.first_character(last)):
            return False
        if last == self._separator:
            return self._grammar.is_whole(self._codec.decode(frame[:-1]))
        if last in self._ends:
            return last == self._codec.ids[END_OF_TEXT] and len(frame) == 1 and self._grammar.may_end
        text = self._codec.decode(frame)
        return self._begins_wide(frame) if text.endswith("\ufffd") else self._grammar.begins(text)

    def _may_follow(self, frame: list[int], character: str) -> bool:
        """Whether the frame may go on with this character, asked once for all the tokens that begin with it: mostly none of them may come."""
        assert self._grammar is not None
        if not character or not frame:
            return True
        if frame != self._asked:
            self._asked, self._answers = frame, {}
            self._asked_text = self._codec.decode(frame)
        if character not in self._answers:
            unfinished = self._asked_text.endswith("\ufffd")  # a character of several tokens
            some = self._grammar.wide if character == _WIDE else (character,)
            self._answers[character] = unfinished or any(self._grammar.begins(self._asked_text + one) for one in some)
        return self._answers[character]

    def _begins_wide(self, frame: list[int]) -> bool:
        """Whether the last tokens begin a character of several tokens that may come here."""
        assert self._grammar is not None
        for character in self._grammar.wide:
            spelled = self._codec.encode(character)
            for count in range(1, len(spelled)):
                if frame[-count:] == spelled[:count] and self._grammar.begins(
                    self._codec.decode(frame[:-count]) + character
                ):
                    return True
        return False

    def close(self) -> None:
        """Give back the engines' memory."""
        self._engine.close()
        if self._asker is not None:
            self._asker.close()
