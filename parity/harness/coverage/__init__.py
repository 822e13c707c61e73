"""Decides which rule branches an outcome has taken. It does not judge whether they were right."""
