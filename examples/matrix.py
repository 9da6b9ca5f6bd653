"""Multiplies two small matrices."""


def multiply(a, b):
    product = []
    for row in a:
        line = []
        for j in range(len(b[0])):
            total = 0
            for k in range(len(b)):
                total += row[k] * b[k][j]
            line.append(total)
        product.append(line)
    return product


def main():
    product = multiply([[1, 2], [3, 4]], [[0, 1], [1, 0]])
    print(product)
    return product


if __name__ == "__main__":
    main()
