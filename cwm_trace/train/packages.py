"""Packages whose functions may be collected as training programs: permissively licensed, of functions of builtin values.

One a line: distribution | version that was looked at | licence (SPDX). Facts only: no text of theirs is kept here. What is collected from
them says where it is from, and has the text of their licence beside it (`cwm_trace.train.real`).
"""

from __future__ import annotations

from typing import NamedTuple

_TABLE = """
PyTrie | 0.4.0 | BSD-3-Clause
addict | 2.4.0 | MIT
algorithms | 1.0.1 | MIT
base58 | 2.1.1 | MIT
bech32 | 1.2.0 | MIT
boltons | 26.2.0 | BSD-3-Clause
cachetools | 8.0.2 | MIT
case-converter | 1.2.0 | MIT
convertdate | 2.5.1 | MIT
cssselect | 1.6.0 | BSD-3-Clause
deepmerge | 4.0.0 | MIT
dictdiffer | 0.10.0 | MIT
dpath | 2.2.0 | MIT
flatten-dict | 0.5.0 | MIT
flatten-json | 0.1.14 | MIT
funcy | 2.1 | BSD-3-Clause
glom | 25.12.0 | BSD-3-Clause
hashids | 1.3.1 | MIT
humanfriendly | 10.0 | MIT
humanize | 4.17.0 | MIT
idna | 3.20 | BSD-3-Clause
inflect | 7.6.0 | MIT
inflection | 0.5.1 | MIT
intervaltree | 3.2.1 | Apache-2.0
isodate | 0.7.2 | BSD-3-Clause
iteround | 1.0.4 | MIT
jmespath | 1.1.0 | MIT
jsonpointer | 3.12 | BSD-3-Clause
luhn | 0.2.0 | MIT
mergedeep | 1.3.4 | MIT
metaphone | 0.6 | BSD-3-Clause
more-itertools | 11.2.1 | MIT
mpmath | 1.4.1 | BSD-3-Clause
natsort | 8.4.0 | MIT
numerizer | 0.2.4 | MIT
ordered-set | 4.1.0 | MIT
packaging | 26.4 | Apache-2.0
parse | 1.22.4 | MIT
pluralizer | 2.0.0 | MIT
prettytable | 3.18.0 | BSD-3-Clause
pydash | 8.1.0 | MIT
pygtrie | 2.6.2 | Apache-2.0
pyphonetics | 0.5.3 | MIT
pyrsistent | 0.20.0 | MIT
python-box | 8.0.0 | MIT
python-slugify | 9.2.0 | MIT
pytimeparse | 1.1.10 | MIT
sacrebleu | 2.6.0 | Apache-2.0
schema | 0.7.8 | MIT
semver | 3.1.2 | BSD-3-Clause
shortuuid | 1.0.13 | BSD-3-Clause
simpleeval | 1.0.8 | MIT
snowballstemmer | 3.1.1 | BSD-3-Clause
sortedcontainers | 2.4.0 | Apache-2.0
stringcase | 1.2.0 | MIT
strsimpy | 0.2.1 | MIT
tabulate | 0.10.0 | MIT
textdistance | 4.6.3 | MIT
textstat | 0.7.13 | MIT
titlecase | 2.4.1 | MIT
toml | 0.10.2 | MIT
tomli | 2.5.0 | MIT
toolz | 1.2.0 | BSD-3-Clause
validators | 0.36.0 | MIT
wcwidth | 0.9.4 | MIT
webcolors | 25.10.0 | BSD-3-Clause
whatthepatch | 1.0.7 | MIT
word2number | 1.1 | MIT
wordsegment | 1.3.1 | Apache-2.0
"""


class Package(NamedTuple):
    """A distribution, the version that was looked at, its licence."""

    name: str
    version: str
    licence: str

    @property
    def requirement(self) -> str:
        """For pip."""
        return f"{self.name}=={self.version}"

    def licensed_as(self, metadata: str) -> bool:
        """Whether the licence fields of an installed version still say so."""
        return self.licence.split("-")[0].lower() in metadata.lower()


PACKAGES = tuple(Package(*(part.strip() for part in line.split("|"))) for line in _TABLE.strip().splitlines())
STANDARD_LIBRARY = Package("CPython", "3.11", "PSF-2.0")
"""Comes with the interpreter."""
