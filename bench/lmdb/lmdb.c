// lmdb times a dictionary that processes share by LMDB, without fsync: for
// the rows of ../dict, with the same keys, in the same order, in transactions of
// as many operations as a task there has.
//
//   cc -O2 -o lmdb/lmdb lmdb/lmdb.c -llmdb
//   lmdb/lmdb DIR insert|read|scan|add|few int|text KEYS BATCH PROCESSES
//
// Scan reads in order and read at random; add adds to all keys at random, and few
// to 100 of them. It prints operations per second.
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char text64[] = "a value of sixty-four bytes, neither more nor less than that: ok";
static const char *dir;
static int ints, batch, processes;
static long keys;

static void check(int rc, const char *what) {
  if (rc == 0) return;
  fprintf(stderr, "%s: %s\n", what, mdb_strerror(rc));
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static MDB_env *env;
static MDB_dbi db;

static void open_db(void) {
  MDB_txn *t;
  check(mdb_env_create(&env), "create");
  check(mdb_env_set_mapsize(env, 4ul << 30), "mapsize");
  check(mdb_env_open(env, dir, MDB_NOSYNC | MDB_NOMETASYNC | MDB_WRITEMAP, 0600), "open");
  check(mdb_txn_begin(env, NULL, 0, &t), "begin");
  check(mdb_dbi_open(t, NULL, MDB_CREATE | (ints ? MDB_INTEGERKEY : 0), &db), "dbi");
  check(mdb_txn_commit(t), "commit");
}

static int reads(char op) { return op == 'r' || op == 's'; }

// operate does the operations from lo to hi.
static void operate(char op, long lo, long hi) {
  for (long at = lo; at < hi; at += batch) {
    MDB_txn *t;
    check(mdb_txn_begin(env, NULL, reads(op) ? MDB_RDONLY : 0, &t), "begin");
    for (long i = at; i < at + batch && i < hi; i++) {
      unsigned long k = (unsigned long)i;
      if (op == 'r' || op == 'a') k = k * 0x9E3779B1ul % (unsigned long)keys;
      if (op == 'f') k %= 100;
      long v = i;
      char buf[32];
      MDB_val key = {sizeof k, &k}, val = {sizeof v, &v}, got;
      if (!ints) {
        key = (MDB_val){(size_t)snprintf(buf, sizeof buf, "key %08lu", k), buf};
        val = (MDB_val){64, (void *)text64};
      }
      if (reads(op)) {
        check(mdb_get(t, db, &key, &got), "get");
        if (got.mv_size != val.mv_size) exit(2);
        continue;
      }
      if (op == 'a' || op == 'f') {
        int rc = mdb_get(t, db, &key, &got);
        v = 1;
        if (rc == 0) memcpy(&v, got.mv_data, sizeof v), v++;
      }
      check(mdb_put(t, db, &key, &val, 0), "put");
    }
    check(mdb_txn_commit(t), "commit");
  }
}

int main(int argc, char **argv) {
  if (argc != 7) return fprintf(stderr, "usage: lmdb DIR insert|read|scan|add|few int|text KEYS BATCH PROCESSES\n"), 2;
  dir = argv[1], ints = argv[3][0] == 'i', keys = atol(argv[4]), batch = atoi(argv[5]), processes = atoi(argv[6]);
  char op = argv[2][0], c[64];
  if (processes < 1 || processes > 64 || batch < 1) return 2;
  if (reads(op)) { // filled by a process of its own: an environment does not survive a fork
    if (!fork()) {
      int all = batch;
      batch = 1000, open_db(), operate('i', 0, keys), batch = all;
      exit(0);
    }
    int st;
    wait(&st);
    if (st) return 1;
  }
  int go[2], ready[2];
  if (pipe(go) || pipe(ready)) return 1;
  for (int i = 0; i < processes; i++)
    if (!fork()) {
      open_db();
      if (write(ready[1], c, 1) != 1 || read(go[0], c, 1) != 1) exit(1);
      operate(op, keys * i / processes, keys * (i + 1) / processes);
      exit(0);
    }
  for (int i = 0; i < processes; i++)
    if (read(ready[0], c, 1) != 1) return 1;
  double begin = now();
  if (write(go[1], c, processes) != processes) return 1;
  for (int i = 0; i < processes; i++) {
    int st;
    wait(&st);
    if (st) return 1;
  }
  printf("%.0f\n", keys / (now() - begin));
  return 0;
}
