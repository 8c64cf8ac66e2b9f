/* Dates and times. */
#include "base/time.h"

#include "tap.h"

static bool round_trips(int32_t days)
{
    char place[32];
    struct buf buf = buf_over(place, sizeof(place));
    struct date date = {0};

    date_print((struct date){days}, &buf);
    return date_parse(buf_text(&buf), &date, NULL) == LICET_OK && date.days == days;
}

static bool all_days_round_trip(void)
{
    for (int32_t days = (int32_t)DATE_MIN_DAYS; days <= (int32_t)DATE_MAX_DAYS; days++) {
        if (!round_trips(days))
            return false;
    }
    return true;
}

static int64_t seconds(const char *string)
{
    struct unix_time time = {-1};

    unix_time_parse(text_of(string), &time, NULL);
    return time.s;
}

static int32_t days(const char *string)
{
    struct date date = {-1};

    date_parse(text_of(string), &date, NULL);
    return date.days;
}

int main(void)
{
    static const char *const wrong[] = {"2026-02-29", "2026-13-01", "2026-00-10",  "2026-04-31",
                                        "1969-12-31", "26-11-24",   "2026-11-24 ", "2026/11/24",
                                        "1970-01-01", "2026-1-024"};
    char place[32];
    struct buf buf = buf_over(place, sizeof(place));

    ok(all_days_round_trip(), "every day until 9999-12-31 prints and parses as itself");
    ok(days("2026-11-24") == 20781 && days("2024-02-29") == 19782, "days are counted from 1970");
    for (size_t index = 0; index < sizeof(wrong) / sizeof(wrong[0]); index++)
        ok(days(wrong[index]) == -1, "\"%s\" is not a date", wrong[index]);
    ok(seconds("2026-11-24T09:12:33Z") == 1795511553, "an instant to the second");
    ok(seconds("2026-11-24T24:00:00Z") == -1 && seconds("2026-11-24T09:12:60Z") == -1 &&
           seconds("2026-11-24T09:12:33") == -1,
       "R1.3 hours beyond 23, leap seconds and times without Z are refused");
    unix_time_print((struct unix_time){1795511553}, &buf);
    ok(text_is(buf_text(&buf), "2026-11-24T09:12:33Z"), "and printed");
    ok(unix_time_date((struct unix_time){1795511553}).days == 20781, "its date in UTC");
    ok(date_end_everywhere((struct date){20781}).s == seconds("2026-11-25T12:00:00Z"),
       "R1.3 an expiry holds to the end of its date at UTC-12");
    ok(date_begin_anywhere((struct date){20781}).s == seconds("2026-11-23T10:00:00Z"),
       "R1.3 a start begins with its date at UTC+14");
    return tap_done();
}
