#include "cli/portal/put.h"

#include "base/file.h"

static bool put_is_there(const char *path, struct text file)
{
    struct text there;
    bool is_same;

    if (file_read(path, file.size, &there, NULL) != LICET_OK)
        return false;
    is_same = text_equal(there, file);
    file_free(there);
    return is_same;
}

enum status put_file(const char *path, bool is_forced, struct text file, struct error *error)
{
    enum status status;

    if (strcmp(path, "-") == 0)
        return fwrite(file.data, 1, file.size, stdout) == file.size
                   ? LICET_OK
                   : error_set(error, LICET_SYSTEM, "standard output could not be written");
    status =
        is_forced ? file_replace(path, file, 0644, error) : file_create(path, file, 0644, error);
    if (status == LICET_CONFLICT && put_is_there(path, file))
        status = LICET_OK;
    if (status == LICET_CONFLICT)
        return error_set(error, LICET_CONFLICT,
                         "%s exists, and is another file: --force replaces it, or -o names another",
                         path);
    if (status == LICET_OK)
        printf("%s: licet install %s brings it to the license server\n", path, path);
    return status;
}
