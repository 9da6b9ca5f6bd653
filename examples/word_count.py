"""Counts words, and tells the most frequent one."""


def count(words):
    counts = {}
    for w in words:
        counts[w] = counts.get(w, 0) + 1
    return counts


def main():
    text = 'to be or not to be'
    counts = count(text.split())
    best = max(counts, key=counts.get)
    return best, counts[best]


if __name__ == "__main__":
    print(main())
