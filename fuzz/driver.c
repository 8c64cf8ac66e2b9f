/*
 * Stands in for libFuzzer: gives every file of the folders named as arguments to the target, one
 * TAP line a file, so that the corpus of every target runs in every test run, with every compiler.
 * A finding is a crash: the file's name is printed before, as a comment.
 */
#include <dirent.h>
#include <stdint.h>

#include "base/file.h"
#include "tap.h"

#define INPUT_BYTES_MAX (4u * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
        ok(LLVMFuzzerTestOneInput(copy, input.size) == 0, "%s is survived", name);
    }
    free(copy);
    free((char *)(uintptr_t)input.data);
}

int main(int argc, char **argv)
{
    for (int index = 1; index < argc; index++) {
        struct dirent **entries;
        int count = scandir(argv[index], &entries, NULL, alphasort);

        if (count < 0)
            ok(false, "the folder %s is read", argv[index]);
        for (int entry = 0; entry < count; entry++) {
            if (entries[entry]->d_name[0] != '.')
                run_file(argv[index], entries[entry]->d_name);
            free(entries[entry]);
        }
        if (count >= 0)
            free(entries);
    }
    return tap_done();
}
