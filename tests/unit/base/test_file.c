/* Whole files. */
#include "base/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

int main(void)
{
    char folder[] = "/tmp/licet-test-file-XXXXXX";
    char path[64];
    struct text text = {NULL, 0};
    struct error error = {0};
    struct stat stat_now;

    ok(mkdtemp(folder) != NULL, "a folder to work in");
    snprintf(path, sizeof(path), "%s/x", folder);
    ok(file_read(path, 10, &text, &error) == LICET_NOT_FOUND,
       "a file that is not there is NOT_FOUND");
    ok(strstr(error.text, path) != NULL, "and the sentence names it");
    ok(file_create(path, TEXT("one"), 0600, &error) == LICET_OK, "a file is created");
    ok(file_create(path, TEXT("two"), 0600, &error) == LICET_CONFLICT,
       "creating it twice is refused");
    ok(file_read(path, 3, &text, &error) == LICET_OK && text_is(text, "one"),
       "and left it as it was");
    free((void *)(uintptr_t)text.data);
    ok(file_replace(path, TEXT("three"), 0400, &error) == LICET_OK, "it is replaced");
    ok(stat(path, &stat_now) == 0 && (stat_now.st_mode & 0777) == 0400,
       "with the mode that was asked");
    ok(file_read(path, 4, &text, &error) == LICET_TOO_LARGE, "a ceiling holds");
    ok(file_read(path, 5, &text, &error) == LICET_OK && text_is(text, "three"),
       "and the size itself is allowed");
    free((void *)(uintptr_t)text.data);
    ok(file_read(folder, 100, &text, &error) == LICET_INVALID, "a folder is not a file");
    unlink(path);
    rmdir(folder);
    return tap_done();
}
