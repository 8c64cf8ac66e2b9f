/*
 * R10.1: reports beside the products. Whoever reports waits for a turn of the loop: one page of
 * FEATURES or LEASES is written in it (connection.h), and one slice of what /status and /metrics
 * tell is copied. When all of it is copied, libuv's pool writes the text, once for all who asked
 * before the copy began.
 *
 * What is promised: each row is of one moment, no two are further apart than the copy took, no
 * feature is missed or told twice, and all rows are under the same license files: an installation
 * begins the copy anew. Counters and totals are of the moment after the last row.
 */
#ifndef LICET_SERVER_REPORT_H
#define LICET_SERVER_REPORT_H

#include <jansson.h>

#include "server/server.h"

/* Limit: 10,000 features are 3 MB of JSON, and 5 MB more where each is covered by 8 with the
 * longest names; FEATURES has pages for more. */
#define REPORT_FEATURES_MAX 10000u
/* Covers that are copied: 8 of each of 8,192 features, in 768 KiB. */
#define REPORT_COVERS_MAX 65536u

enum report_kind {
    REPORT_STATUS,
    REPORT_METRICS,
    REPORT_KINDS
};

struct report_cover {
    name_id vendor, feature, by; /* a line of `by` serves `feature` today */
};

struct report_vendor {
    uint32_t generation;  /* 0: no license file is installed */
    uint32_t list_number; /* 0: no revocation list */
    bool is_revoked;      /* the file, by the list */
};

/* A copy: read in the pool while the server goes on. Of the server itself the pool reads what never
 * changes: names, its own name, key and epoch. */
struct report {
    const struct server *server;
    struct seat_now now;
    struct seats_totals totals;
    struct server_counters counters;
    uint64_t durable_number;
    uint64_t denials_dropped;
    bool has_administrator;
    struct report_vendor installed[TRUSTED_VENDORS_MAX];
    json_t *vendors;
    struct seat_feature_view rows[REPORT_FEATURES_MAX];
    uint32_t rows_count;
    struct report_cover covers[REPORT_COVERS_MAX];
    uint32_t covers_count;
};

/* Answers, now or later. */
void report_ask(struct http_exchange *exchange, enum report_kind kind);
/* Somebody waits for a turn to report. */
void report_wake(struct server *server);
enum status report_open(struct server *server, struct error *error);
/* After the loop has ended: who still waits was answered by http_server_destroy(). */
void report_close(struct server *server);

/* console/status.c, console/metrics.c: in the pool. The text is the caller's to free; NULL data: no
 * memory. */
struct buf status_write(const struct report *report);
struct buf metrics_write(const struct report *report);
/* In the loop: what is installed. */
json_t *status_vendors(const struct server *server);

#endif
