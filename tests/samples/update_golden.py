"""Writes golden-3.11.json anew: `python3.11 -m tests.samples.update_golden`, then read the diff."""

import json

from tests.settrace_oracle import settrace_text
from tests.test_tracer import CALLS, GOLDEN, REFERENCE, SOURCE

if __name__ == "__main__":
    assert REFERENCE, "the text of the format is that of 3.11"
    golden = {call: settrace_text(SOURCE, call) for call in CALLS}
    GOLDEN.write_text(json.dumps(golden, indent=0) + "\n")
