"""Pure helpers: errors, ids, clock. No input or output, no framework."""
