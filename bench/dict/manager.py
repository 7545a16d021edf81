"""One row of Manager().dict: argv is op, kind, operations per task, workers.

Prints operations per second. Each worker process does its share of 20,000
operations in one call, so that Python's pool is not part of the time; tasks of
more than one operation insert with one update() each. For reads and additions
the Manager has no such call; it reads in order. An addition holds a lock, without which some of
them would be lost.
"""
import multiprocessing as mp
import sys
import time

OP, KIND, PER, WORKERS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
COUNT = 20_000
VALUE = "a value of sixty-four bytes, neither more nor less than that: ok"


def pair(i):
    return (i, i) if KIND == "int" else ("key %08d" % i, VALUE)


def begin(d, lock):
    global shared, guard
    shared, guard = d, lock
    len(shared)  # connects


def ready(_):
    time.sleep(0.1)  # so that each worker has one of these


def share(lo):
    keys = range(lo, lo + COUNT // WORKERS)
    if OP == "insert" and PER > 1:
        for i in range(keys.start, keys.stop, PER):
            shared.update([pair(j) for j in range(i, min(i + PER, keys.stop))])
    elif OP == "insert":
        for i in keys:
            k, v = pair(i)
            shared[k] = v
    elif OP in ("read", "scan"):
        for i in keys:
            shared[pair(i)[0]]
    else:
        for i in keys:
            with guard:
                k = i % 100 if OP == "few" else i
                shared[k] = shared.get(k, 0) + 1


if __name__ == "__main__":
    with mp.Manager() as manager:
        d = manager.dict(dict(map(pair, range(COUNT))) if OP in ("read", "scan") else {})
        with mp.Pool(WORKERS, begin, (d, mp.Lock())) as pool:
            pool.map(ready, range(WORKERS), 1)
            start = time.perf_counter()
            pool.map(share, range(0, COUNT, COUNT // WORKERS), 1)
            took = time.perf_counter() - start
        if (sum(d.values()) if OP in ("add", "few") else len(d)) != COUNT:
            sys.exit("the dictionary is wrong")
        print(COUNT / took)
