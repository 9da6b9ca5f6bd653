values = {'a': 1}
def get(key):
    return values[key]
get('a')
get('b')
print('never')
