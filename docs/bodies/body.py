# parfor run --lines-json -- python3 body.py
# Write your own work(): what it returns is the item's value, what it raises the item's error.
import json, os, sys

def work(item):
    return item.upper()

questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # a program that work() starts must not read the questions,
os.dup2(2, 1)                                 # and what anybody prints is not an answer
for line in questions:
    question = json.loads(line)
    try:
        answer = json.dumps({"id": question["id"], "value": work(question["item"])}, allow_nan=False)
    except Exception as e:
        answer = json.dumps({"id": question["id"], "error": f"{type(e).__name__}: {e}"})
    print(answer, file=answers, flush=True)
