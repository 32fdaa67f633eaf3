"""Range functions that fit a line or a trend to a window, such as ``deriv``."""
