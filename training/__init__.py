"""The recipe of the shipped model: where its messages come from, and how it is trained on them."""
