"""What the console does with calls: one in a mode of its own, several beside each other, and the lock above them all.

Apart from `app`, which binds keys and owns the session; apart from `screens`, which know one prompt each.
"""
