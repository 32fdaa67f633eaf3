"""``vedette storage``: look at a data folder, check it, copy it, move samples in and out as text."""
