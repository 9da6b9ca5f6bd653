"""`hmac`, by RFC 2104."""

import hashlib


class HMAC:
    def __init__(self, key, msg=None, digestmod=""):
        if not isinstance(key, (bytes, bytearray)):
            raise TypeError(f"key: expected bytes or bytearray, but got {type(key).__name__!r}")
        if not digestmod:
            raise TypeError("Missing required parameter 'digestmod'.")
        self._made = digestmod if callable(digestmod) else lambda data=b"": hashlib.new(digestmod, data)
        inner = self._made()
        self.digest_size, self.block_size, self.name = inner.digest_size, inner.block_size, f"hmac-{inner.name}"
        key = self._made(key).digest() if len(key) > self.block_size else bytes(key)
        self._key = key + bytes(self.block_size - len(key))
        self._inner = self._made(_masked(self._key, 0x36))
        if msg is not None:
            self.update(msg)

    def update(self, msg):
        self._inner.update(msg)

    def copy(self):
        made = HMAC(self._key, None, self._made)
        made._inner = self._inner.copy()
        return made

    def digest(self):
        return self._made(_masked(self._key, 0x5C) + self._inner.digest()).digest()

    def hexdigest(self):
        return self.digest().hex()


def _masked(key, mask):
    return bytes(each ^ mask for each in key)


def new(key, msg=None, digestmod=""):
    return HMAC(key, msg, digestmod)


def digest(key, msg, digest):
    return HMAC(key, msg, digest).digest()


def compare_digest(a, b, /):
    return a == b
