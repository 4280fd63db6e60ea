"""From scores to action: who is changed by which contact, what to do within a budget, and what it changed."""
