/*
 * A product in a hundred lines: it holds a seat while it works, and stops cleanly when it loses it.
 *
 *     LICET_SERVER=127.0.0.1:7380 LICET_ROOT=acme-root.pub product cad_pro 60
 *
 * A real product has its vendor's root key in `options.roots`, compiled in: what comes from the
 * environment can be replaced by whoever starts the program.
 */
#include <licet.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The day this version came out: maintenance that ended before it will not do. */
#define RELEASE_DATE "2026-11-24"

static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal)
{
    (void)signal;
    is_interrupted = 1;
}

static void print_lease(const licet *seats, licet_lease lease, const char *event)
{
    licet_lease_info info;

    licet_lease_info_init(&info, sizeof(info));
    if (licet_lease_get(seats, lease, &info, NULL) != LICET_OK)
        return;
    printf("%s %s: lease %llu, %u seat(s) of %s, generation %llu, for %s on %s, %lld s left\n",
           event, info.feature, (unsigned long long)info.number, info.count, info.vendor,
           (unsigned long long)info.generation, info.user, info.host,
           (long long)(info.left_ms / 1000));
    if (info.state == LICET_STATE_RECONNECTING)
        printf("  not renewed just now: %s\n", info.text);
    if ((info.flags & LICET_FLAG_OVERDRAFT) != 0)
        printf("  beyond the seats that were bought, which the vendor allows and will see\n");
    fflush(stdout);
}

static uint32_t renewals(const licet *seats, licet_lease lease)
{
    licet_lease_info info;

    licet_lease_info_init(&info, sizeof(info));
    return licet_lease_get(seats, lease, &info, NULL) == LICET_OK ? info.renewals : 0;
}

/* The work: a loop that gives the library its turn whenever it asks for one. */
static licet_status work(licet *seats, licet_lease lease, int64_t slices, licet_error *error)
{
    uint32_t seen = renewals(seats, lease);

    while (slices-- > 0 && !is_interrupted) {
        licet_status status;

        poll(NULL, 0, 100); /* a tenth of a second of whatever this product does */
        if (licet_wait_ms(seats) > 0)
            continue;
        status = licet_tick(seats, error);
        if (status != LICET_OK)
            return status; /* lost: save what the user did, and stop */
        if (renewals(seats, lease) != seen)
            print_lease(seats, lease, "renewed");
        seen = renewals(seats, lease);
    }
    return LICET_OK;
}

static int fail(const char *what, const licet_error *error)
{
    fprintf(stderr, "%s: %s\n", what, error->text);
    return (int)error->status;
}

int main(int argc, char **argv)
{
    const char *feature = argc > 1 ? argv[1] : "cad_pro";
    int64_t seconds = argc > 2 ? strtoll(argv[2], NULL, 10) : INT32_MAX;
    licet_options options;
    licet_error error;
    licet_lease lease;
    licet_status status;
    licet *seats;

    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    licet_options_init(&options, sizeof(options));
    if (licet_open(&options, &seats, &error) != LICET_OK)
        return fail("cannot start", &error);
    status = licet_checkout(seats, feature, RELEASE_DATE, 1, &lease, &error);
    if (status != LICET_OK) {
        licet_close(seats);
        return fail("no seat", &error);
    }
    print_lease(seats, lease, "holding");
    status = work(seats, lease, seconds * 10, &error);
    if (status != LICET_OK)
        fail("work saved, stopping", &error);
    print_lease(seats, lease, status == LICET_OK ? "returning" : "lost");
    if (licet_checkin(seats, lease, &error) != LICET_OK)
        fail("the seat ends by itself", &error); /* fails nobody: it is freed by time */
    licet_close(seats);
    return status == LICET_OK ? 0 : 1;
}
