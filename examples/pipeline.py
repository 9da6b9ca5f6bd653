"""A pipeline of generators: read, clean, keep."""


def lines(text):
    for line in text.split(";"):
        yield line


def cleaned(source):
    for line in source:
        yield line.strip().lower()


def long_ones(source, size):
    return (line for line in source if len(line) >= size)


def main():
    found = list(long_ones(cleaned(lines("Red; blue ;OK")), 3))
    print(found)
    return found


if __name__ == "__main__":
    main()
