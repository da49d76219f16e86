"""Searches: what to try next, and which hyper-parameters matter."""
