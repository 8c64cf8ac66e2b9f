#include "cli/kept.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

bool kept_path(const char *name, char ret_path[KEPT_PATH_MAX])
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int size = -1;

    if (config != NULL && config[0] == '/')
        size = snprintf(ret_path, KEPT_PATH_MAX, "%s/licet/%s", config, name);
    else if (home != NULL && home[0] == '/')
        size = snprintf(ret_path, KEPT_PATH_MAX, "%s/.config/licet/%s", home, name);
    return size > 0 && size < KEPT_PATH_MAX;
}

static enum status kept_place(const char *name, char ret_path[KEPT_PATH_MAX], struct error *error)
{
    return kept_path(name, ret_path)
               ? LICET_OK
               : error_set(error, LICET_INVALID,
                           "there is no place to keep a token: set HOME or XDG_CONFIG_HOME");
}

enum status kept_read(const char *name, struct text *ret_text, struct error *error)
{
    char path[KEPT_PATH_MAX];
    struct stat stat_now;

    if (!kept_path(name, path) || stat(path, &stat_now) != 0)
        return error_set(error, LICET_NOT_FOUND, "nothing is kept as %s", name);
    if ((stat_now.st_mode & 077) != 0)
        return error_set(error, LICET_FORBIDDEN,
                         "others can read the token in %s: chmod 600 it, and have it replaced",
                         path);
    return file_read(path, KEPT_BYTES_MAX, ret_text, error);
}

/* The folder of the file, and the one above it where the user has none yet. */
static enum status kept_make_folder(const char *path, struct error *error)
{
    char above[KEPT_PATH_MAX], folder[KEPT_PATH_MAX];

    snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
    snprintf(above, sizeof(above), "%.*s", (int)(strrchr(folder, '/') - folder), folder);
    if ((mkdir(above, 0700) == 0 || errno == EEXIST) &&
        (mkdir(folder, 0700) == 0 || errno == EEXIST))
        return LICET_OK;
    return error_set(error, LICET_SYSTEM, "the folder %s cannot be made: %s", folder,
                     strerror(errno));
}

enum status kept_write(const char *name, struct text text, char ret_path[KEPT_PATH_MAX],
                       struct error *error)
{
    enum status status = kept_place(name, ret_path, error);

    if (status == LICET_OK)
        status = kept_make_folder(ret_path, error);
    return status == LICET_OK ? file_replace(ret_path, text, 0600, error) : status;
}

enum status kept_remove(const char *name, struct error *error)
{
    char path[KEPT_PATH_MAX];

    if (!kept_path(name, path) || unlink(path) == 0 || errno == ENOENT)
        return LICET_OK;
    return error_set(error, LICET_SYSTEM, "%s cannot be taken away: %s", path, strerror(errno));
}
