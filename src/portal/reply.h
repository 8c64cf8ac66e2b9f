/*
 * The answer of an act. The act fills it and returns LICET_OK, or returns a failure, which the frame
 * turns into application/problem+json; the status number comes from the list of failures.
 */
#ifndef LICET_PORTAL_REPLY_H
#define LICET_PORTAL_REPLY_H

#include <jansson.h>

#include "base/time.h"
#include "portal/route.h"

/* 200 with the JSON, which is taken. NULL (jansson found no memory) is LICET_NO_MEMORY. */
enum status reply_json(struct reply *reply, json_t *json, struct error *error);
/* 201, with `Location: PATH/ID`. */
enum status reply_created(struct reply *reply, const char *path, int64_t id, json_t *json,
                          struct error *error);
enum status reply_empty(struct reply *reply); /* 204 */
/* A download: text/plain, saved under `file_name` (letters, digits, dot, dash, underscore). Copied. */
enum status reply_file(struct reply *reply, const char *file_name, struct text text,
                       struct error *error);

/* Seconds after which asking again makes sense, beside LICET_OVER_LIMIT. */
void reply_retry_after(struct reply *reply, uint32_t seconds);
/* A header of this one answer; both are copied. Control bytes in a value are refused. */
enum status reply_header(struct reply *reply, const char *name, const char *value,
                         struct error *error);

/* Pieces of JSON; each may be NULL where no memory is left, which json_pack("o") passes on. */
json_t *json_of_text(struct text text);
json_t *json_of_time(struct unix_time time); /* 0: null */
json_t *json_of_date(struct date date);      /* 0: null */
/* {"items": [...], "next": cursor or null}: `items` is taken. */
json_t *json_page(json_t *items, int64_t next);

#endif
