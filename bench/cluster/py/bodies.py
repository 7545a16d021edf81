"""The bodies of the cases, the same as those of main.go."""
import time


def square(n):
    return n * n


def echo(b):
    return b


def nap(n):
    time.sleep(0.010)
    return n


BATCH = 100  # items in a task of the case "batch"

# case: body, the argument of task i, worker processes, threads of each
CASES = {
    "int": (square, lambda i: i, 2, 1),
    "batch": (square, lambda i: i, 2, 1),
    "1KiB": (echo, lambda i: "x" * 1024, 2, 1),
    "nap": (nap, lambda i: i, 2, 100),
    "latency": (square, lambda i: i, 2, 1),
}
