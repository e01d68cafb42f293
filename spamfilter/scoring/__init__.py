"""Readable text -> probability."""
