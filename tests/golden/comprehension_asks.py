# call: f(3)
# 3.11 only: a comprehension that asks for its function stays inlined from 3.12 on
class A:
    def g(self):
        return 1


class B(A):
    def g(self):
        return [super().g() for _ in range(2)]


def f(n):
    found = []
    for ask in (B().g, lambda: [eval('n') for _ in range(2)]):
        try:
            found.append(ask())
        except (TypeError, NameError):
            found.append('nothing')
    return found
