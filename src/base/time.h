/*
 * Two kinds of time that the compiler refuses to mix, and calendar dates. Nothing here reads a
 * clock.
 */
#ifndef LICET_BASE_TIME_H
#define LICET_BASE_TIME_H

#include "base/status.h"
#include "base/text.h"

/* CLOCK_BOOTTIME in milliseconds: lease deadlines, timeouts, heartbeats. */
struct instant {
    int64_t ms;
};

/* UTC in seconds since 1970: expiry, ends of borrows, dates that people sign. */
struct unix_time {
    int64_t s;
};

/* A calendar date as days since 1970-01-01, without a time zone. */
struct date {
    int32_t days;
};

#define SECONDS_A_DAY 86400

#define DATE_MIN_DAYS 1u       /* 1970-01-02: 0 stays free to mean "no date" */
#define DATE_MAX_DAYS 2932896u /* 9999-12-31: four digits of a year */

struct instant instant_add_ms(struct instant instant, int64_t ms);

/* YYYY-MM-DD, a real day between the two limits. */
enum status date_parse(struct text text, struct date *ret_date, struct error *error);
void date_print(struct date date, struct buf *buf);

/* YYYY-MM-DDTHH:MM:SSZ, to the second (R1.3). */
enum status unix_time_parse(struct text text, struct unix_time *ret_time, struct error *error);
void unix_time_print(struct unix_time time, struct buf *buf);
struct date unix_time_date(struct unix_time time); /* its date in UTC */

/* R1.3: the first second after `date` at UTC-12, and the first second of `date` at UTC+14. */
struct unix_time date_end_everywhere(struct date date);
struct unix_time date_begin_anywhere(struct date date);

#endif
