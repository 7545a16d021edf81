"""The tutorial's loop as Python runs it, for comparison.

usage: tutorial.py sequential|threads|processes combined|shared post|session|keep URL N WORKERS
prints {"took": seconds, "statuses": {number: status}}; the pool's start is in
the time, as it is in the tutorial's. With keep nothing is sent: numbers go into
the dictionary, in chunks, and the pool and its manager have started before.
"""
import json
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import Manager

import requests

local = threading.local()
shared = None


def poster(form):
    if form == "post":
        return requests.post
    if not hasattr(local, "session"):
        local.session = requests.Session()
    return local.session.post


def ask(job):
    number, url, form = job
    return number, poster(form)(url, json={"number": number}).status_code


def ask_shared(job):
    number, status = ask(job)
    shared[number] = status


def share(d):
    global shared
    shared = d


def same(number):
    return number, number


def insert(number):
    shared[number] = number


def keep_only(keep, n, workers):
    """The dictionary alone, from processes."""
    with Manager() as manager:
        d = manager.dict()
        with ProcessPoolExecutor(workers, initializer=share, initargs=(d,)) as ex:
            list(ex.map(time.sleep, [0.05] * workers))  # start all of them
            chunk = max(1, n // (workers * 16))
            began = time.perf_counter()
            if keep == "combined":
                statuses = dict(ex.map(same, range(n), chunksize=chunk))
            else:
                list(ex.map(insert, range(n), chunksize=chunk))
                statuses = d.copy()
            return time.perf_counter() - began, statuses


def main():
    if sys.argv[3] == "keep":
        took, statuses = keep_only(sys.argv[2], int(sys.argv[5]), int(sys.argv[6]))
        json.dump({"took": took, "statuses": statuses}, sys.stdout)
        return
    pool, keep, form, url, n, workers = sys.argv[1:7]
    jobs = [(number, url, form) for number in range(int(n))]
    workers = int(workers)
    executor = {"threads": ThreadPoolExecutor, "processes": ProcessPoolExecutor}.get(pool)
    began = time.perf_counter()
    if executor is None:
        statuses = dict(map(ask, jobs))
    elif keep == "combined":
        statuses = {}
        with executor(max_workers=workers) as ex:
            for f in [ex.submit(ask, job) for job in jobs]:
                number, status = f.result()
                statuses.update({number: status})
    elif pool == "threads":
        statuses = {}
        share(statuses)
        with executor(max_workers=workers) as ex:
            for f in [ex.submit(ask_shared, job) for job in jobs]:
                f.result()
    else:
        with Manager() as manager:
            d = manager.dict()
            with executor(max_workers=workers, initializer=share, initargs=(d,)) as ex:
                for f in [ex.submit(ask_shared, job) for job in jobs]:
                    f.result()
            statuses = d.copy()
    took = time.perf_counter() - began
    json.dump({"took": took, "statuses": statuses}, sys.stdout)


if __name__ == "__main__":
    main()
