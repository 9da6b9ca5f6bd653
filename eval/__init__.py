"""Compares predicted with true traces: alignment, metrics, suites, runs."""
