# call: f(2)
class A:
    n = 3
    rows = [i for i in range(n)]
    pairs = [(i, j) for i in range(2) for j in range(i)]

    def m(self):
        return [self.n for _ in range(2)], [type(self).__name__ for self in [self]], [__class__ for _ in '1']


def g(n):
    def set_n():
        nonlocal n
        n += 1
        return [n for _ in range(2)]
    return set_n(), [set_n() for _ in range(2)], n


def f(n):
    class B:
        k = n
        ks = [k2 + n for k2 in [k]]
    fs = [[lambda: (i, j) for i in range(n)] for j in range(n)]
    r = [g2() for row in fs for g2 in row]
    u = [locals() for q in [1]]
    return A().m()[0], g(n), B.ks, r, u
