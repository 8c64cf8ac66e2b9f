/*
 * A product on a device of its own, an appliance or a node-locked machine, without a license
 * server: its license file lies beside it, and liblicet judges it.
 *
 *     LICET_ROOT=acme-root.pub device acme.lic gateway GW-00-1A-2B /var/lib/acme/seen
 *
 * A real product has its vendor's root key in `options.roots`, compiled in, and reads its serial
 * number where nobody can change it. Without a serial number (or with "") the device is this
 * machine, by the name that `licet device` prints.
 */
#include <licet.h>
#include <stdio.h>
#include <stdlib.h>

/* The day this version came out: maintenance that ended before it will not do. */
#define RELEASE_DATE "2026-11-24"
#define FILE_SIZE_MAX ((size_t)1024 * 1024)

static int fail(const char *what, const licet_error *error)
{
    fprintf(stderr, "%s: %s\n", what, error->text);
    return (int)error->status;
}

/* The whole file, yours to free; NULL: it cannot be read, or is none. */
static char *read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    char *text = file == NULL ? NULL : malloc(FILE_SIZE_MAX);

    *ret_size = text == NULL ? 0 : fread(text, 1, FILE_SIZE_MAX, file);
    if (file != NULL)
        fclose(file);
    if (*ret_size > 0)
        return text;
    free(text);
    return NULL;
}

static void print_lease(const licet *seats, licet_lease lease)
{
    licet_lease_info info;

    licet_lease_info_init(&info, sizeof(info));
    if (licet_lease_get(seats, lease, &info, NULL) != LICET_OK)
        return;
    printf("%u seat(s) of %s on %s, generation %llu of %s, ", info.count, info.feature, info.device,
           (unsigned long long)info.generation, info.vendor);
    if (info.end_s == 0)
        printf("for good\n");
    else
        printf("for %lld s\n", (long long)(info.left_ms / 1000));
}

int main(int argc, char **argv)
{
    licet_options options;
    licet_error error;
    licet_lease lease;
    licet_status status;
    licet *seats;
    char *file;

    licet_options_init(&options, sizeof(options));
    file = argc > 2 ? read_file(argv[1], &options.device_file_size) : NULL;
    if (file == NULL) {
        fprintf(stderr, "usage: device FILE FEATURE [SERIAL [STATE]]\n");
        return LICET_INVALID;
    }
    options.device_file = file;
    options.device = argc > 3 && argv[3][0] != '\0' ? argv[3] : NULL;
    options.state_path = argc > 4 ? argv[4] : NULL;
    status = licet_open(&options, &seats, &error);
    free(file); /* what the handle needs of it, it has copied */
    if (status != LICET_OK)
        return fail("the license file", &error);
    status = licet_checkout(seats, argv[2], RELEASE_DATE, 1, &lease, &error);
    if (status == LICET_OK)
        print_lease(seats, lease); /* and the work goes on here, with a licet_tick() now and then */
    else
        fail("no seat", &error);
    licet_close(seats);
    return (int)status;
}
