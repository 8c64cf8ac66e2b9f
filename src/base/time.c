/* Calendar arithmetic on the proleptic Gregorian calendar, days counted from 1970-01-01. */
#include "base/time.h"

#include "base/parse.h"

#define SECONDS_AN_HOUR 3600
#define DAYS_0000_03_01_TO_1970                                                                    \
    719468 /* counting from 1 March puts the leap day at the end of a year */
#define DAYS_400_YEARS 146097

struct instant instant_add_ms(struct instant instant, int64_t ms)
{
    return (struct instant){instant.ms + ms};
}

static int32_t date_days(uint32_t year, uint32_t month, uint32_t day)
{
    uint32_t march_year = month <= 2 ? year - 1 : year;
    uint32_t march_month = (month + 9) % 12;
    uint32_t century = march_year / 400;
    uint32_t year_in_400 = march_year % 400;
    uint32_t day_of_year = (153 * march_month + 2) / 5 + day - 1;

    return (int32_t)(century * DAYS_400_YEARS + year_in_400 * 365 + year_in_400 / 4 -
                     year_in_400 / 100 + day_of_year) -
           DAYS_0000_03_01_TO_1970;
}

static void date_split(int32_t days, uint32_t *ret_year, uint32_t *ret_month, uint32_t *ret_day)
{
    uint32_t shifted = (uint32_t)(days + DAYS_0000_03_01_TO_1970);
    uint32_t century = shifted / DAYS_400_YEARS;
    uint32_t day = shifted % DAYS_400_YEARS;
    uint32_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    uint32_t day_of_year = day - (365 * year + year / 4 - year / 100);
    uint32_t march_month = (5 * day_of_year + 2) / 153;

    *ret_day = day_of_year - (153 * march_month + 2) / 5 + 1;
    *ret_month = march_month < 10 ? march_month + 3 : march_month - 9;
    *ret_year = century * 400 + year + (*ret_month <= 2 ? 1 : 0);
}

/* `text` is exactly `size` decimal digits. */
static bool time_digits(struct text text, size_t start, size_t size, uint32_t *ret_value)
{
    uint32_t value = 0;

    for (size_t index = start; index < start + size; index++) {
        if (text.data[index] < '0' || text.data[index] > '9')
            return false;
        value = value * 10 + (uint32_t)(text.data[index] - '0');
    }
    *ret_value = value;
    return true;
}

static bool date_read(struct text text, struct date *ret_date)
{
    uint32_t year, month, day, check_year, check_month, check_day;
    int32_t days;

    if (text.size != 10 || text.data[4] != '-' || text.data[7] != '-' ||
        !time_digits(text, 0, 4, &year) || !time_digits(text, 5, 2, &month) ||
        !time_digits(text, 8, 2, &day))
        return false;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    days = date_days(year, month, day);
    date_split(days, &check_year, &check_month, &check_day);
    if (check_month != month || check_day != day || days < (int32_t)DATE_MIN_DAYS)
        return false; /* 30 February comes back as 1 or 2 March */
    ret_date->days = days;
    return true;
}

enum status date_parse(struct text text, struct date *ret_date, struct error *error)
{
    if (!date_read(text, ret_date))
        return error_set(error, LICET_INVALID, "\"%.*s\" is not a date of the form 2026-11-24",
                         TEXT_ARGS(text_head(text, 40)));
    return LICET_OK;
}

void date_print(struct date date, struct buf *buf)
{
    uint32_t year, month, day;

    date_split(date.days, &year, &month, &day);
    buf_printf(buf, "%04u-%02u-%02u", year, month, day);
}

enum status unix_time_parse(struct text text, struct unix_time *ret_time, struct error *error)
{
    struct date date;
    uint32_t hour, minute, second;

    if (text.size != 20 || text.data[10] != 'T' || text.data[13] != ':' || text.data[16] != ':' ||
        text.data[19] != 'Z' || !date_read(text_head(text, 10), &date) ||
        !time_digits(text, 11, 2, &hour) || !time_digits(text, 14, 2, &minute) ||
        !time_digits(text, 17, 2, &second) || hour > 23 || minute > 59 || second > 59)
        return error_set(error, LICET_INVALID,
                         "\"%.*s\" is not a time of the form 2026-11-24T09:12:33Z",
                         TEXT_ARGS(text_head(text, 40)));
    ret_time->s = (int64_t)date.days * SECONDS_A_DAY + (int64_t)hour * SECONDS_AN_HOUR +
                  (int64_t)minute * 60 + second;
    return LICET_OK;
}

struct date unix_time_date(struct unix_time time)
{
    int64_t days = time.s / SECONDS_A_DAY - (time.s % SECONDS_A_DAY < 0 ? 1 : 0);

    return (struct date){(int32_t)days};
}

void unix_time_print(struct unix_time time, struct buf *buf)
{
    struct date date = unix_time_date(time);
    uint32_t second = (uint32_t)(time.s - (int64_t)date.days * SECONDS_A_DAY);

    date_print(date, buf);
    buf_printf(buf, "T%02u:%02u:%02uZ", second / SECONDS_AN_HOUR, second / 60 % 60, second % 60);
}

struct unix_time date_end_everywhere(struct date date)
{
    return (struct unix_time){((int64_t)date.days + 1) * SECONDS_A_DAY +
                              INT64_C(12) * SECONDS_AN_HOUR};
}

struct unix_time date_begin_anywhere(struct date date)
{
    return (struct unix_time){(int64_t)date.days * SECONDS_A_DAY - INT64_C(14) * SECONDS_AN_HOUR};
}
