"""The directory beside PingOne: a port of two verbs on raw values, what AD means by the values, and adapters."""
