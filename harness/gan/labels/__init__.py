"""Class labels, and codes in their place: how networks are told, and what they minimise for it."""
