/*
 * One thread that writes. It takes all transactions that wait, runs them in one of the engine, a
 * savepoint each, commits once, and answers all of them: a commit costs a wait for the disk, and
 * waiting together costs it once.
 */
#ifndef LICET_DB_WRITER_H
#define LICET_DB_WRITER_H

#include <pthread.h>
#include <stdbool.h>

#include "base/status.h"

struct db;
struct db_work;
struct db_call;

struct db_writer {
    struct db *db;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct db_call *first;
    struct db_call **last;
    bool is_stopping;
    bool is_started;
};

enum status db_writer_start(struct db *db, struct error *error);
void db_writer_stop(struct db_writer *writer); /* nothing where it was not started */

enum status db_writer_run(struct db *db, const struct db_work *work, struct error *error);

/* Before one more attempt, the first being 1: at random, so that two that met once do not meet
 * again. */
void db_pause(uint32_t attempt);

#endif
