/* CLOCK_BOOTTIME and CLOCK_REALTIME. */
#include "base/clock.h"

#include <assert.h>

static struct timespec clock_read(clockid_t clock)
{
    struct timespec time;
    int result = clock_gettime(clock, &time);

    assert(result == 0); /* both clocks exist on every Linux that we build for */
    return time;
}

struct instant clock_instant(void)
{
    struct timespec time = clock_read(CLOCK_BOOTTIME);

    return (struct instant){(int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000};
}

struct unix_time clock_unix(void)
{
    return (struct unix_time){clock_read(CLOCK_REALTIME).tv_sec};
}
