/*
 * What licet leases and licet denials have in common: the pages of one RESP command as a table.
 * Names are for viewers (R10.6), so it needs a token.
 */
#ifndef LICET_CLI_REPORT_H
#define LICET_CLI_REPORT_H

#include "base/status.h"
#include "base/text.h"
#include "client/tcp.h"
#include "resp/reply.h"

struct report;

struct report_form {
    const char *name;    /* licet NAME */
    const char *command; /* licetd's, with pages, VENDOR and FEATURE */
    const char *nothing; /* the sentence where there is no row; " of FEATURE" may follow */
    void (*print_head)(void);
    void (*print_row)(const struct report *report, const struct reply_item *row);
};

struct report {
    const struct report_form *form;
    struct text feature, vendor; /* data NULL: all */
    struct tcp tcp;
    licet_transport link;
    char *bytes; /* of the reply that is being read, REPLY_BYTES_MAX */
    struct reply_item *items;
    struct reply reply; /* the latest */
    uint64_t rows_count;
};

/* [--feature FEATURE] [--vendor VENDOR] */
enum status report_run(const struct report_form *form, int argc, char **argv, struct error *error);

/* A value of a row for a column of a table: "-" where there is none, and nothing in it that could
 * steer a terminal. */
void report_print_text(const struct report *report, const struct reply_item *row, const char *key,
                       int width);
void report_print_time(const struct report *report, const struct reply_item *row, const char *key);
int64_t report_number(const struct report *report, const struct reply_item *row, const char *key);

#endif
