"""The world outside: PingOne, the directory, mail, and the secrets that open them. Only the performer knows flows."""
