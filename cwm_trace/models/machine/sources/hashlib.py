"""`hashlib`: the names of what `_hashlib` and `_blake2` have."""

from _hashlib import HASH
from _hashlib import openssl_md5 as md5
from _hashlib import openssl_sha1 as sha1
from _hashlib import openssl_sha3_224 as sha3_224
from _hashlib import openssl_sha3_256 as sha3_256
from _hashlib import openssl_sha3_384 as sha3_384
from _hashlib import openssl_sha3_512 as sha3_512
from _hashlib import openssl_sha224 as sha224
from _hashlib import openssl_sha256 as sha256
from _hashlib import openssl_sha384 as sha384
from _hashlib import openssl_sha512 as sha512
from _hashlib import openssl_shake_128 as shake_128
from _hashlib import openssl_shake_256 as shake_256

from followed import lost

algorithms_guaranteed = {
    *("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s"),
    *("sha3_224", "sha3_256", "sha3_384", "sha3_512", "shake_128", "shake_256"),
}


class blake2b(HASH):
    __module__ = "_blake2"

    def __init__(self, data=b"", /, **more):
        more.pop("usedforsecurity", None)
        HASH.__init__(self, "blake2b", data, **more)

    def __repr__(self):
        return "<_blake2.blake2b object>"

    def copy(self):
        return blake2b(self._data, **self._more)


class blake2s(blake2b):
    __module__ = "_blake2"

    def __init__(self, data=b"", /, **more):
        more.pop("usedforsecurity", None)
        HASH.__init__(self, "blake2s", data, **more)

    def __repr__(self):
        return "<_blake2.blake2s object>"

    def copy(self):
        return blake2s(self._data, **self._more)


_MAKERS = {
    **{"md5": md5, "sha1": sha1, "sha224": sha224, "sha256": sha256, "sha384": sha384, "sha512": sha512},
    **{"sha3_224": sha3_224, "sha3_256": sha3_256, "sha3_384": sha3_384, "sha3_512": sha3_512},
    **{"shake_128": shake_128, "shake_256": shake_256, "blake2b": blake2b, "blake2s": blake2s},
}


def __hash_new(name, data=b"", **kwargs):
    made = _MAKERS.get(name.lower())
    if made is None:
        raise ValueError(f"unsupported hash type {name}")
    return made(data, **kwargs)


new = __hash_new


def scrypt(*args, **named):
    return lost()
