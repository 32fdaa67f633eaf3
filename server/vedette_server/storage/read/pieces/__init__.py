"""Reading series out of the pieces of blocks, of one or of several at once."""
