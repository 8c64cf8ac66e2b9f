/*
 * Stands in for libFuzzer: gives every file of the folder to the target, one TAP line a file, so that
 * the corpus of every target runs in every test run, with every compiler. A finding is a crash: the
 * file's name is printed before, as a comment.
 *
 *   replay FOLDER [MUTATIONS]
 *
 * With MUTATIONS as many inputs follow that are files of the folder with a few changes, the same ones
 * in every run. Before each 1,000th its number is printed: behind the last of them the crash is found.
 */
#include <dirent.h>
#include <stdint.h>

#include "base/parse.h"

#include "base/file.h"
#include "tap.h"

#define INPUT_BYTES_MAX (4u * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- mutations */

#define SEEDS_MAX 256
#define SEED_BYTES_MAX 2048u

struct seed {
    uint8_t bytes[SEED_BYTES_MAX];
    size_t size;
};

static struct seed seeds[SEEDS_MAX];
static size_t seeds_count;
static uint64_t random_state = 1;

static uint32_t random_below(size_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) * limit >> 32);
}

/* Large ones cost time and say no more. */
static void seed_keep(const uint8_t *bytes, size_t size)
{
    if (size == 0 || size > SEED_BYTES_MAX || seeds_count == SEEDS_MAX)
        return;
    memcpy(seeds[seeds_count].bytes, bytes, size);
    seeds[seeds_count++].size = size;
}

static void run_file(const char *folder, const char *name)
{
    char path[4096];
    struct error error = {0};
    struct text input;
    uint8_t *copy;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    printf("# %s\n", name);
    fflush(stdout);
    if (file_read(path, INPUT_BYTES_MAX, &input, &error) != LICET_OK) {
        ok(false, "%s is read: %s", name, error.text);
        return;
    }
    /* A place of exactly the input's size, so that a sanitizer sees the first byte beyond it. */
    copy = malloc(input.size > 0 ? input.size : 1);
    if (copy != NULL) {
        memcpy(copy, input.data, input.size);
        seed_keep(copy, input.size);
        ok(LLVMFuzzerTestOneInput(copy, input.size) == 0, "%s is survived", name);
    }
    free(copy);
    free((char *)(uintptr_t)input.data);
}

/* Cuts a piece out, or puts a piece of another input in. */
static void piece_move(struct seed *input)
{
    const struct seed *other = &seeds[random_below(seeds_count)];
    size_t at = random_below(input->size), from = random_below(other->size);
    size_t cut = random_below(input->size - at + 1), take = random_below(other->size - from + 1);

    if (random_below(2) == 0)
        take = 0;
    if (input->size - cut + take > SEED_BYTES_MAX || input->size - cut + take == 0)
        return;
    memmove(input->bytes + at + take, input->bytes + at + cut, input->size - at - cut);
    memcpy(input->bytes + at, other->bytes + from, take);
    input->size += take - cut;
}

static void input_mutate(struct seed *input)
{
    static const char telling[] = "*$:+-\r\n0123456789 =\\\0\xff";

    for (uint32_t changes = 1 + random_below(4); changes > 0; changes--) {
        uint8_t *byte = &input->bytes[random_below(input->size)];

        switch (random_below(3)) {
        case 0:
            *byte ^= (uint8_t)(1u << random_below(8));
            break;
        case 1:
            *byte = (uint8_t)telling[random_below(sizeof(telling) - 1)];
            break;
        default:
            piece_move(input);
        }
    }
}

static void run_mutations(uint32_t count)
{
    static struct seed input;
    uint32_t refused = 0;

    for (uint32_t number = 0; number < count && seeds_count > 0; number++) {
        uint8_t *copy;

        if (number % 1000 == 0) {
            printf("# mutation %u\n", number);
            fflush(stdout);
        }
        input = seeds[random_below(seeds_count)];
        input_mutate(&input);
        copy = malloc(input.size);
        if (copy == NULL)
            abort();
        memcpy(copy, input.bytes, input.size);
        refused += LLVMFuzzerTestOneInput(copy, input.size) != 0;
        free(copy);
    }
    ok(seeds_count > 0 && refused == 0, "%u mutations are survived", count);
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    int count = argc > 1 ? scandir(argv[1], &entries, NULL, alphasort) : -1;
    uint32_t mutations = 0;

    if (count < 0) {
        printf("Bail out! the folder cannot be read\n");
        return 1;
    }
    for (int entry = 0; entry < count; entry++) {
        if (entries[entry]->d_name[0] != '.')
            run_file(argv[1], entries[entry]->d_name);
        free(entries[entry]);
    }
    free(entries);
    if (argc > 2 && parse_u32(text_of(argv[2]), 1, UINT32_MAX, &mutations, NULL) == LICET_OK)
        run_mutations(mutations);
    return tap_done();
}
