"""The parts of series that a source holds, and how the parts of all sources lie in an answer."""
