# call: f(4)
def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def even(n): return n == 0 or odd(n - 1)


def odd(n): return n != 0 and even(n - 1)


def hanoi(n, a, b, c, moves):
    if n:
        hanoi(n - 1, a, c, b, moves)
        moves.append((a, c))
        hanoi(n - 1, b, a, c, moves)
    return moves


def f(n):
    x = fib(n)
    y = even(
        n
    )
    return hanoi(2, 'a', 'b', 'c', []), x, y
