"""`statistics`, as far as it is followed: exact sums, as those of Python."""

from fractions import Fraction
from math import sqrt


class StatisticsError(ValueError):
    pass


def _total(data):
    total = Fraction(0)
    for each in data:
        total += Fraction(each)
    return total


def _like(made, data):
    for each in data:
        if not isinstance(each, int):
            return made if isinstance(each, Fraction) else float(made)
    return made.numerator if made.denominator == 1 else float(made)


def mean(data):
    data = list(data)
    if not data:
        raise StatisticsError("mean requires at least one data point")
    return _like(_total(data) / len(data), data)


def fmean(data):
    data = list(data)
    if not data:
        raise StatisticsError("fmean requires at least one data point")
    return float(_total(data)) / len(data)


def median(data):
    data = sorted(data)
    if not data:
        raise StatisticsError("no median for empty data")
    middle = len(data) // 2
    return data[middle] if len(data) % 2 else (data[middle - 1] + data[middle]) / 2


def median_low(data):
    data = sorted(data)
    if not data:
        raise StatisticsError("no median for empty data")
    return data[(len(data) - 1) // 2]


def median_high(data):
    data = sorted(data)
    if not data:
        raise StatisticsError("no median for empty data")
    return data[len(data) // 2]


def multimode(data):
    counts = {}
    for each in data:
        counts[each] = counts.get(each, 0) + 1
    most = max(counts.values(), default=0)
    return [each for each, count in counts.items() if count == most]


def mode(data):
    found = multimode(data)
    if not found:
        raise StatisticsError("no mode for empty data")
    return found[0]


def _squares(data, center):
    if center is None:
        center = _total(data) / len(data)
    total = Fraction(0)
    for each in data:
        apart = Fraction(each) - center
        total += apart * apart
    return total


def _root(made):
    whole = float(made)
    if Fraction(whole) != made:
        from statistics import _float_sqrt_of_frac  # Python's own, which rounds once

        return _float_sqrt_of_frac(made.numerator, made.denominator)
    return sqrt(whole)


def pvariance(data, mu=None):
    data = list(data)
    if not data:
        raise StatisticsError("pvariance requires at least one data point")
    return _like(_squares(data, mu) / len(data), data)


def variance(data, xbar=None):
    data = list(data)
    if len(data) < 2:
        raise StatisticsError("variance requires at least two data points")
    return _like(_squares(data, xbar) / (len(data) - 1), data)


def pstdev(data, mu=None):
    data = list(data)
    if not data:
        raise StatisticsError("pstdev requires at least one data point")
    return _root(_squares(data, mu) / len(data))


def stdev(data, xbar=None):
    data = list(data)
    if len(data) < 2:
        raise StatisticsError("stdev requires at least two data points")
    return _root(_squares(data, xbar) / (len(data) - 1))
