"""`_hashlib`, as far as it is followed: objects that keep what they are given, and the checksum of all of it."""

from followed import digest as _digest
from followed import sizes as _sizes


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


def _octets(data):
    if isinstance(data, str):
        raise TypeError("Strings must be encoded before hashing")
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError("object supporting the buffer API required")
    return bytes(data)


def _maker(name, kind):
    def make(string=b"", *, usedforsecurity=True):
        return kind(name, string)

    make.__name__ = make.__qualname__ = f"openssl_{name}"
    return make


openssl_md5, openssl_sha1 = _maker("md5", HASH), _maker("sha1", HASH)
openssl_sha224, openssl_sha256 = _maker("sha224", HASH), _maker("sha256", HASH)
openssl_sha384, openssl_sha512 = _maker("sha384", HASH), _maker("sha512", HASH)
openssl_sha3_224, openssl_sha3_256 = _maker("sha3_224", HASH), _maker("sha3_256", HASH)
openssl_sha3_384, openssl_sha3_512 = _maker("sha3_384", HASH), _maker("sha3_512", HASH)
openssl_shake_128, openssl_shake_256 = _maker("shake_128", HASHXOF), _maker("shake_256", HASHXOF)
