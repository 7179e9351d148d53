"""What screens are made of: widgets and the words on them, knowing prompts' answers but no prompt."""
