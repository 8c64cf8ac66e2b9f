#include "db/pool.h"

#include <assert.h>

void db_pool_init(struct db_pool *pool, uint32_t max)
{
    *pool = (struct db_pool){.max = max};
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->freed, NULL);
}

void db_pool_finish(struct db_pool *pool)
{
    assert(pool->taken_count == 0 && pool->free_count == 0);
    pthread_cond_destroy(&pool->freed);
    pthread_mutex_destroy(&pool->mutex);
}

void *db_pool_take(struct db_pool *pool)
{
    void *connection = NULL;

    pthread_mutex_lock(&pool->mutex);
    while (pool->taken_count == pool->max)
        pthread_cond_wait(&pool->freed, &pool->mutex);
    pool->taken_count++;
    if (pool->free_count > 0)
        connection = pool->free[--pool->free_count];
    pthread_mutex_unlock(&pool->mutex);
    return connection;
}

void db_pool_give(struct db_pool *pool, void *connection)
{
    pthread_mutex_lock(&pool->mutex);
    pool->taken_count--;
    if (connection != NULL)
        pool->free[pool->free_count++] = connection;
    pthread_cond_signal(&pool->freed);
    pthread_mutex_unlock(&pool->mutex);
}

void db_pool_clear(struct db_pool *pool, void (*close)(void *connection))
{
    pthread_mutex_lock(&pool->mutex);
    while (pool->free_count > 0)
        close(pool->free[--pool->free_count]);
    pthread_mutex_unlock(&pool->mutex);
}
