"""Training of the base policy, and learning from the editor."""
