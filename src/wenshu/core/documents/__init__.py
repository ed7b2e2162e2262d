"""From uploaded bytes to text with headings and pages, and from text to pieces that can be cited."""
