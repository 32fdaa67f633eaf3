"""Functions over histograms. Classic ones are told by their ``le`` label; native ones are not supported yet."""
