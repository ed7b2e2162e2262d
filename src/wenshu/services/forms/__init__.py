"""Forms: one utterance in, the fields of a form out."""
