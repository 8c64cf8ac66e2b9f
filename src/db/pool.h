/* Connections that wait for work, at most so many. What a connection is, only its engine knows. */
#ifndef LICET_DB_POOL_H
#define LICET_DB_POOL_H

#include <pthread.h>
#include <stdint.h>

#include "base/limits.h"

struct db_pool {
    pthread_mutex_t mutex;
    pthread_cond_t freed;
    void *free[DB_CONNECTIONS_MAX];
    uint32_t free_count;
    uint32_t taken_count;
    uint32_t max;
};

void db_pool_init(struct db_pool *pool, uint32_t max);
void db_pool_finish(struct db_pool *pool);

/* Waits for a place. NULL: the place is yours, and so is opening a connection. */
void *db_pool_take(struct db_pool *pool);

/* Gives the place back, and the connection where it is still good (not NULL). */
void db_pool_give(struct db_pool *pool, void *connection);

/* Closes all that wait. */
void db_pool_clear(struct db_pool *pool, void (*close)(void *connection));

#endif
