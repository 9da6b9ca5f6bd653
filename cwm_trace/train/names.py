"""Names nobody has seen before: compounds, abbreviations, invented words, relatives of names that are in scope.

A model that has read only the common names of `writer` learns those by heart instead of learning to copy; real programs are full of others.
Knows nothing of scopes: the caller tries again when a name is taken.
"""

from __future__ import annotations

import builtins
import keyword
import random
from collections.abc import Callable, Sequence

_WORDS = """
account action active actual add address age all amount angle animal answer apple area argument array at aux back bag balance bar base batch
best big bit block board body book bound box brand bucket buffer build byte cache call can car card case cat cell center chain change check
chosen city class clean clear client clock close code coin color column command common compare complete cond content cost cover created
current custom cut data date day deep default delta depth diff dir dist dog done down draw drop due each edge end entry equal error even
event exact expr extra face factor fast field file fill filter final first fish fixed flat flight float flow food form found four frame free
from front full fun game gap gen given goal good grade graph green group guess half hand has hash head height hidden high hit home house id
image inner input inside is items job join jump keep key kind label large last lead leaf left length less letter level life light like limit
line link load local lock log long loop low lower lucky main map mark mask match max mean member memo merge mid min minus missing mixed
mode model month more move multi name near need nested new next node noise normal note now number odd offset old one only open option
order other out outer over own owner pack pad page pair parent part pass past path pattern pay peak people phone pick pivot place plan
player plus point pool port power pre price prime prior prod product pure queue quick rank rate raw read real rec record red ref region
remain rest right ring road root round route rule run safe sale same sample save scale scan search second seed seek select self sent series
set shape share shift shop short show side sign simple single site size skip slice slow small smart sold some sort source space span spec
speed split spot stage star start state status step stock stop store stream student style sub sum swap sym tag tail take target task team
term test text the then third thing three tick time to token tool top total touch track trade tree trim true try turn two type unit unique
until up upper use user valid value var vec view visit voice wait walk wall water way week weight wide width win window wish with word work
world write wrong year young zero zone
""".split()
_ONSETS = "b bl br c ch cl cr d dr f fl fr g gl gr h j k kl l m n p ph pl pr qu r s sc sh sk sl sp st str t th tr v w z".split()
_VOWELS = "a e i o u ai ea ee io oa ou y".split()
_CODAS = ["", "", "", "n", "r", "s", "t", "l", "m", "x", "nd", "rt", "st", "ck", "ng"]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_AFFIXES = (
    "new_{}",
    "old_{}",
    "{}_list",
    "{}_copy",
    "{}1",
    "{}2",
    "{}_{}",
    "{}s",
    "my_{}",
    "{}_count",
    "{}_",
    "{}_b",
    "temp_{}",
    "curr_{}",
)
RESERVED = frozenset(dir(builtins)) | frozenset(keyword.kwlist) | {"f", "main", "self", "match", "case", "type", "_"}


def invented(rng: random.Random) -> str:
    """A pronounceable word of one to three syllables that is in no dictionary, but by chance."""
    return "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(rng.choice([1, 1, 2])))


def word(rng: random.Random) -> str:
    """A word of the trade, or an invented one."""
    return rng.choice(_WORDS) if rng.random() < 0.9 else invented(rng)


def _snake(rng: random.Random) -> str:
    return "_".join(word(rng) for _ in range(rng.choice([2, 2, 2, 3])))


def _camel(rng: random.Random) -> str:
    first, *rest = (word(rng) for _ in range(rng.choice([2, 2, 3])))
    return first + "".join(part.capitalize() for part in rest)


def _numbered(rng: random.Random) -> str:
    return word(rng) + rng.choice(["", "_"]) + str(rng.choice([1, 2, 2, 3, 10, rng.randint(0, 99)]))


def _abbreviated(rng: random.Random) -> str:
    text = word(rng)
    return text[0] + "".join(letter for letter in text[1:] if letter not in "aeiou")[: rng.randint(1, 4)]


def _random_letters(rng: random.Random) -> str:
    return "".join(rng.choices(_LETTERS, k=rng.choice([2, 2, 3, 3, 4, 5])))


def _upper(rng: random.Random) -> str:
    return rng.choice([word(rng).upper(), word(rng)[0].upper(), _snake(rng).upper()])


_MAKER_TABLE: list[tuple[int, Callable[[random.Random], str]]] = [
    (36, _snake), (24, word), (10, _camel), (8, _numbered), (8, _abbreviated), (7, _random_letters), (4, invented), (3, _upper)
]  # fmt: skip
_MAKERS = [maker for _, maker in _MAKER_TABLE]
_MAKER_WEIGHTS = [weight for weight, _ in _MAKER_TABLE]


def _relative(rng: random.Random, known: Sequence[str]) -> str:
    return rng.choice(_AFFIXES).replace("{}", rng.choice(known), 1).replace("{}", word(rng))


def novel_name(rng: random.Random, known: Sequence[str] = ()) -> str:
    """A valid identifier that hides no builtin; one in six is made from a known name."""
    while True:
        name = _relative(rng, known) if known and rng.random() < 0.17 else _drawn(rng)
        if name.isidentifier() and name not in RESERVED:
            return name


def _drawn(rng: random.Random) -> str:
    return rng.choices(_MAKERS, _MAKER_WEIGHTS)[0](rng)


def class_name(rng: random.Random) -> str:
    """A name in the manner of classes."""
    return "".join(word(rng).capitalize() for _ in range(rng.choice([1, 1, 2])))
