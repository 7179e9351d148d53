"""What crosses the desk API: bodies, prompts, answers, errors. Both ends import this, and nothing of each other."""
