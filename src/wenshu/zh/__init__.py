"""Pure Chinese: folding, sentences, tokens, recognisers. No input or output."""
