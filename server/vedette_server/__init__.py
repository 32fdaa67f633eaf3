"""The server: stores samples, answers PromQL, checks hosts and notifies people."""
