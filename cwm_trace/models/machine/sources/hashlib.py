"""`hashlib`, as far as it is followed: objects that keep what they are given, and the checksum of all of it."""

from followed import digest as _digest
from followed import lost
from followed import sizes as _sizes

algorithms_guaranteed = {
    *("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s"),
    *("sha3_224", "sha3_256", "sha3_384", "sha3_512", "shake_128", "shake_256"),
}


class HASH:
    def __init__(self, name, data=b"", **more):
        self.name, self._data, self._more = name, _octets(data), more
        self.digest_size, self.block_size = _sizes(name, more)

    def __repr__(self):
        return f"<{self.name} _hashlib.HASH object>"

    def update(self, data, /):
        self._data += _octets(data)

    def digest(self):
        return _digest(self.name, self._data, self._more)

    def hexdigest(self):
        return self.digest().hex()

    def copy(self):
        return type(self)(self.name, self._data, **self._more)


class HASHXOF(HASH):
    def __repr__(self):
        return f"<{self.name} _hashlib.HASHXOF object>"

    def digest(self, length):
        return _digest(self.name, self._data, {"length": length})

    def hexdigest(self, length):
        return self.digest(length).hex()


class blake2b(HASH):
    def __init__(self, data=b"", /, **more):
        more.pop("usedforsecurity", None)
        HASH.__init__(self, "blake2b", data, **more)

    def __repr__(self):
        return "<_blake2.blake2b object>"

    def copy(self):
        return blake2b(self._data, **self._more)


class blake2s(blake2b):
    def __init__(self, data=b"", /, **more):
        more.pop("usedforsecurity", None)
        HASH.__init__(self, "blake2s", data, **more)

    def __repr__(self):
        return "<_blake2.blake2s object>"

    def copy(self):
        return blake2s(self._data, **self._more)


def _octets(data):
    if isinstance(data, str):
        raise TypeError("Strings must be encoded before hashing")
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError("object supporting the buffer API required")
    return bytes(data)


def _maker(name, kind):
    def make(string=b"", *, usedforsecurity=True):
        return kind(name, string)

    return make


md5, sha1, sha224, sha256 = _maker("md5", HASH), _maker("sha1", HASH), _maker("sha224", HASH), _maker("sha256", HASH)
sha384, sha512 = _maker("sha384", HASH), _maker("sha512", HASH)
sha3_224, sha3_256 = _maker("sha3_224", HASH), _maker("sha3_256", HASH)
sha3_384, sha3_512 = _maker("sha3_384", HASH), _maker("sha3_512", HASH)
shake_128, shake_256 = _maker("shake_128", HASHXOF), _maker("shake_256", HASHXOF)
_MAKERS = {
    **{"md5": md5, "sha1": sha1, "sha224": sha224, "sha256": sha256, "sha384": sha384, "sha512": sha512},
    **{"sha3_224": sha3_224, "sha3_256": sha3_256, "sha3_384": sha3_384, "sha3_512": sha3_512},
    **{"shake_128": shake_128, "shake_256": shake_256, "blake2b": blake2b, "blake2s": blake2s},
}


def new(name, data=b"", **kwargs):
    made = _MAKERS.get(name.lower())
    if made is None:
        raise ValueError(f"unsupported hash type {name}")
    return made(data, **kwargs)


def scrypt(*args, **named):
    return lost()
