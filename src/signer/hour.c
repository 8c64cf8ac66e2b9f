/* A ring of minutes. */
#include "signer/hour.h"

void hour_advance(struct hour *hour, struct unix_time now)
{
    int64_t minute = now.s / 60;
    int64_t steps = minute - hour->minute;

    hour->minute = minute;
    for (int64_t step = 0; step < steps && step < HOUR_MINUTES; step++) {
        hour->newest = (hour->newest + 1) % HOUR_MINUTES;
        hour->minutes[hour->newest] = (struct hour_counts){.seats = 0};
    }
}

void hour_add(struct hour *hour, struct hour_counts counts)
{
    struct hour_counts *newest = &hour->minutes[hour->newest];

    newest->seats += counts.seats;
    newest->files += counts.files;
    newest->releases += counts.releases;
}

struct hour_counts hour_sum(const struct hour *hour)
{
    struct hour_counts sum = {.seats = 0};

    for (uint32_t index = 0; index < HOUR_MINUTES; index++) {
        sum.seats += hour->minutes[index].seats;
        sum.files += hour->minutes[index].files;
        sum.releases += hour->minutes[index].releases;
    }
    return sum;
}
