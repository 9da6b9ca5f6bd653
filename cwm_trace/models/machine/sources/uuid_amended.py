"""`uuid`: what is drawn, or made of a clock, is unknown; of its kind stands there what is not."""

from followed import unknown


def uuid1(node=None, clock_seq=None):
    return unknown(UUID(int=0x5EED0000C0FFEE11B0B70242AC110002, version=1))  # noqa: F821


def uuid4():
    return unknown(UUID(int=0x5EED0000C0FFEE11B0B7000000000001, version=4))  # noqa: F821
