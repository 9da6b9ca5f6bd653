"""`zipfile`: when a file was made, which an archive notes, is always the same day."""


class time:
    def time():
        return 0

    def localtime(seconds=None):
        return 2026, 1, 1, 0, 0, 0, 3, 1, 0
