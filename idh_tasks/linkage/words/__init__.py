"""The grammar of laboratory texts: a text counts only if all of it was understood."""
