/* The schema's steps, made from src/store/schema by embed.py. Private to this folder. */
#ifndef LICET_STORE_SCHEMA_H
#define LICET_STORE_SCHEMA_H

#include "db/db.h"

extern const struct db_migration store_migrations[];

#endif
