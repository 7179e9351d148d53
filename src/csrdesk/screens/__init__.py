"""One screen per prompt: it gets one prompt, draws it, and posts one answer."""
