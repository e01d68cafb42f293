"""The model on disk."""
