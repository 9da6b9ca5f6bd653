"""A program followed by its bytecode: what each frame of its trace is, as far as operations are answered.

`following.Following` is what others use. See there, and `interpreter`.
"""
