"""`_colorize`, where nothing has colours: what a program prints is no terminal's."""


class _Colorless:
    def __getattr__(self, name):
        return ""


NoColors = _Colorless()


class Theme:
    def __getattr__(self, name):  # of any module
        return NoColors


def can_colorize(*, file=None):
    return False


def get_colors(colorize=False, *, file=None):
    return NoColors


def get_theme(*, tty_file=None, force_color=False, force_no_color=False):
    return Theme()


def decolor(text):
    return text
