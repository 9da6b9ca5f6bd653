# call: f("a,b\n1,2\n3,4\n")
import csv
import io


class Twice:
    def __init__(self, items):
        self.items = iter(items)

    def __iter__(self):
        return self

    def __next__(self):
        return 2 * next(self.items)


def f(text):
    rows = {row["a"]: row["b"] for row in csv.DictReader(io.StringIO(text))}
    names = [row["a"] for row in csv.DictReader(io.StringIO(text)) if row["b"] > "2"]
    found = {int(row["b"]) for row in csv.DictReader(io.StringIO(text)) for _ in row}
    pairs = [(a, b) for a in rows for b in csv.DictReader(io.StringIO(text)) if b["a"] == a]
    twice = [each for each in Twice([1, 2])]
    return rows, names, sorted(found), pairs, twice, list(row["a"] for row in csv.DictReader(io.StringIO(text)))
