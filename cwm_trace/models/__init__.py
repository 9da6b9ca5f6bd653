"""Models behind one protocol; `load_model` finds one by name."""
