"""`python -m cwm_trace`: the command."""

import sys

from cwm_trace.cli import main

if __name__ == "__main__":
    sys.exit(main())
