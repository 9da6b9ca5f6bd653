"""`email._encoded_words`: octets of quoted text, without patterns of bytes."""


def _q_byte_subber(octets):
    first, *others = octets.split(b"=")
    for part in others:
        digits = part[:2].decode("latin-1")
        is_octet = len(digits) == 2 and all([each in "0123456789abcdefABCDEF" for each in digits])
        first += bytes.fromhex(digits) + part[2:] if is_octet else b"=" + part
    return first
