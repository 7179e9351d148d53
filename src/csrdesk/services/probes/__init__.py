"""Looks at what the desk depends on, by reading alone: nothing is written, sent or asked of a person."""
