"""Labelled messages -> artifact."""
