"""Values that every layer shares, without behaviour that reaches outside: people, devices, accounts, proofs, links."""
