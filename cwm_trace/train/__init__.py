"""Training data and training of `nano`: program generator, recording, tokenizer, trainer."""
