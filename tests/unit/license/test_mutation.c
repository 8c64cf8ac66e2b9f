/* No byte of a golden file can be changed: one flipped bit in each byte; with --every-value, each
 * of the 255 others (minutes, so only for `make check`). */
#include "files.h"

#include "tap.h"

static struct trust trust;

/* Whether the file reads with byte `at` changed to `value`. */
static bool still_reads(char *bytes, size_t size, size_t at, unsigned value)
{
    char kept = bytes[at];
    struct arena arena = fresh_arena();
    struct license license;
    enum status status;

    bytes[at] = (char)(unsigned char)value;
    status = license_read(text_make(bytes, size), &trust, &arena, &license, NULL);
    bytes[at] = kept;
    return status == LICET_OK;
}

static size_t count_flips_read(char *bytes, size_t size)
{
    size_t accepted = 0;

    for (size_t at = 0; at < size; at++)
        accepted += still_reads(bytes, size, at, (unsigned char)bytes[at] ^ (1u << at % 8)) ? 1 : 0;
    return accepted;
}

static size_t count_values_read(char *bytes, size_t size)
{
    size_t accepted = 0;

    for (size_t at = 0; at < size; at++) {
        for (unsigned value = 0; value < 256; value++) {
            if (value != (unsigned char)bytes[at])
                accepted += still_reads(bytes, size, at, value) ? 1 : 0;
        }
    }
    return accepted;
}

/* Every position, every way to lose or double one byte. */
static size_t count_lengths_read(const char *bytes, size_t size)
{
    static char changed[8192];
    struct license license;
    size_t accepted = 0;

    for (size_t at = 0; at + 1 < size; at++) { /* without the last newline it is the same file */
        struct arena arena = fresh_arena();

        memcpy(changed, bytes, at);
        memcpy(changed + at, bytes + at + 1, size - at - 1);
        accepted +=
            license_read(text_make(changed, size - 1), &trust, &arena, &license, NULL) == LICET_OK
                ? 1
                : 0;
        arena = fresh_arena();
        changed[at] = bytes[at];
        memcpy(changed + at + 1, bytes + at, size - at);
        accepted +=
            license_read(text_make(changed, size + 1), &trust, &arena, &license, NULL) == LICET_OK
                ? 1
                : 0;
    }
    return accepted;
}

static void test_file(size_t index, bool is_every_value)
{
    struct text file = golden_read(index);
    char *bytes = malloc(file.size);
    size_t accepted;

    memcpy(bytes, file.data, file.size);
    if (is_every_value) {
        accepted = count_values_read(bytes, file.size);
        ok(accepted == 0, "golden %s: %zu single-byte changes, all refused", golden_names[index],
           file.size * 255);
    } else {
        accepted = count_flips_read(bytes, file.size);
        ok(accepted == 0, "golden %s: a bit flipped in each of %zu bytes, all refused",
           golden_names[index], file.size);
        accepted = count_lengths_read(bytes, file.size);
        ok(accepted == 0, "golden %s: a byte lost or doubled at each place, all refused",
           golden_names[index]);
    }
    if (accepted > 0)
        printf("#   %zu accepted\n", accepted);
    free(bytes);
}

/* The third argument names one golden file: they run side by side. */
int main(int argc, char **argv)
{
    bool is_every_value = argc > 2 && strcmp(argv[2], "--every-value") == 0;

    assert(argc >= 2);
    data_folder = argv[1];
    trust = data_trust();
    for (size_t index = 0; index < GOLDEN_COUNT; index++) {
        if (argc < 4 || strcmp(argv[3], golden_names[index]) == 0)
            test_file(index, is_every_value);
    }
    return tap_done();
}
