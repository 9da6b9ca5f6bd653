"""Records the execution of Python programs as frames, by bytecode instrumentation."""
