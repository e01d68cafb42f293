"""Strings -> what a reader sees."""
