/* The names file: a chain of groups in a file that grows; a record is a name, its number the id. */
#include "journal/names_file.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "journal/folder.h"
#include "journal/io.h"

struct names_file {
    int folder_fd;
    int fd;
    off_t offset; /* where the next group goes */
    bool is_dead;
    struct journal_head head; /* its number is the last id that is durable */
    struct buf pending;
    uint32_t pending_count;
    char data[JOURNAL_GROUP_BYTES_MAX];
};

/* ---- reading */

struct names_image {
    char *data; /* yours to free */
    size_t size;
    struct journal_head head; /* of the last whole group */
    size_t end;               /* of that group */
    size_t last;              /* where that group begins */
};

static enum status names_load(int fd, struct names_image *image, struct error *error)
{
    uint64_t size;
    enum status status = io_size(fd, NAMES_NAME, &size, error);

    if (status != LICET_OK)
        return status;
    image->data = malloc((size_t)size + 1);
    if (image->data == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to read the names");
    return io_read(fd, NAMES_NAME, image->data, (size_t)size, 0, &image->size, error);
}

static enum status names_each(const struct group *group, names_file_fn *name, void *context,
                              struct error *error)
{
    struct text rest = group->body, text;
    uint32_t id = (uint32_t)group->first_number;

    for (; group_next_record(&rest, &text); id++) {
        enum status status = name(context, id, text, error);

        if (status != LICET_OK)
            return status;
    }
    return LICET_OK;
}

/* Goes through every whole group; LICET_OK where nothing but a torn one is behind. */
static enum status names_walk(struct names_image *image, names_file_fn *name, void *context,
                              struct error *error)
{
    struct group_place place = {.bytes = {image->data, image->size}, .is_growing = true};
    struct group group;

    for (;;) {
        enum status status;

        place.offset = image->end;
        switch (group_read(&place, &image->head, &group)) {
        case GROUP_EMPTY:
        case GROUP_TORN:
            return LICET_OK;
        case GROUP_NEWER:
            return error_set(error, LICET_UNSUPPORTED,
                             "the names were written by a newer licetd; start that one");
        case GROUP_WHOLE:
            if (group.kind == GROUP_NAMES && group_head(&group).number <= UINT32_MAX)
                break;
            __attribute__((fallthrough));
        case GROUP_DAMAGED:
            return error_set(error, LICET_DAMAGED,
                             "the journal's names are damaged at byte %zu, after id %llu; stop "
                             "here and run `licetd repair`, or restore a back-up",
                             image->end, (unsigned long long)image->head.number);
        }
        image->head = group_head(&group);
        image->last = image->end;
        image->end += GROUP_HEADER_BYTES + group.body.size;
        status = name == NULL ? LICET_OK : names_each(&group, name, context, error);
        if (status != LICET_OK)
            return status;
    }
}

/* ---- writing */

static enum status names_alive(const struct names_file *names, struct error *error)
{
    if (!names->is_dead)
        return LICET_OK;
    return error_set(error, LICET_SYSTEM,
                     "the names could not be written earlier; this process must end");
}

static enum status names_put(struct names_file *names, const char *file, struct error *error)
{
    uint8_t header[GROUP_HEADER_BYTES];
    struct group_form form = {GROUP_NAMES, names->pending_count, buf_text(&names->pending)};
    struct journal_head head = group_print(header, form, &names->head);
    enum status status = io_write(names->fd, file, text_make(header, sizeof(header)), form.body,
                                  names->offset, error);

    if (status == LICET_OK)
        status = io_sync(names->fd, file, error);
    if (status != LICET_OK)
        return status;
    names->offset += (off_t)(sizeof(header) + form.body.size);
    names->head = head;
    names->pending.size = 0;
    names->pending_count = 0;
    return LICET_OK;
}

enum status names_file_sync(struct names_file *names, struct error *error)
{
    enum status status = names_alive(names, error);

    if (status != LICET_OK || names->pending_count == 0)
        return status;
    status = names_put(names, NAMES_NAME, error);
    names->is_dead = status != LICET_OK;
    return status;
}

static bool names_is_full(const struct names_file *names, struct text name)
{
    return names->pending.size + JOURNAL_RECORD_OVERHEAD + name.size > JOURNAL_GROUP_BYTES_MAX;
}

enum status names_file_append(struct names_file *names, uint32_t id, struct text name,
                              struct error *error)
{
    enum status status = names_alive(names, error);

    if (status != LICET_OK)
        return status;
    if (id != names->head.number + names->pending_count + 1)
        return error_set(error, LICET_INVALID, "name %u cannot follow name %llu", id,
                         (unsigned long long)(names->head.number + names->pending_count));
    if (name.size == 0 || name.size > NAMES_FILE_TEXT_MAX)
        return error_set(error, LICET_INVALID, "a name has 1 to %u bytes", NAMES_FILE_TEXT_MAX);
    if (names_is_full(names, name))
        status = names_file_sync(names, error);
    if (status != LICET_OK)
        return status;
    journal_body_add(&names->pending, name);
    names->pending_count++;
    return LICET_OK;
}

uint32_t names_file_last(const struct names_file *names)
{
    return (uint32_t)names->head.number;
}

/* ---- life */

static struct names_file *names_create(int folder_fd)
{
    struct names_file *names = malloc(sizeof(*names));

    if (names == NULL)
        return NULL;
    names->folder_fd = folder_fd;
    names->fd = -1;
    names->offset = 0;
    names->is_dead = false;
    names->head = (struct journal_head){0};
    names->pending = buf_over(names->data, sizeof(names->data));
    names->pending_count = 0;
    return names;
}

/* Cuts what is torn, and writes the last group again (see journal.c for why). */
static enum status names_stand(struct names_file *names, const struct names_image *image,
                               struct error *error)
{
    struct text last = {image->data + image->last, image->end - image->last};
    enum status status = LICET_OK;

    names->head = image->head;
    names->offset = (off_t)image->end;
    if (image->size > image->end)
        status = io_cut(names->fd, NAMES_NAME, names->offset, error);
    if (status == LICET_OK)
        status = io_write(names->fd, NAMES_NAME, last, (struct text){NULL, 0}, (off_t)image->last,
                          error);
    return status == LICET_OK ? io_sync(names->fd, NAMES_NAME, error) : status;
}

static enum status names_open_in(struct names_file *names, names_file_fn *name, void *context,
                                 struct error *error)
{
    struct names_image image = {0};
    enum status status = io_open(names->folder_fd, NAMES_NAME, O_RDWR | O_CREAT, &names->fd, error);

    if (status == LICET_OK)
        status = io_sync_folder(names->folder_fd, error);
    if (status == LICET_OK)
        status = io_unlink(names->folder_fd, NAMES_TEMPORARY, error);
    if (status == LICET_OK)
        status = names_load(names->fd, &image, error);
    if (status == LICET_OK)
        status = names_walk(&image, name, context, error);
    if (status == LICET_OK)
        status = names_stand(names, &image, error);
    free(image.data);
    return status;
}

enum status names_file_open(const char *folder, names_file_fn *name, void *context,
                            struct names_file **ret_names, struct error *error)
{
    struct names_file *names;
    enum status status;
    int folder_fd;

    if (sodium_init() < 0)
        return error_set(error, LICET_SYSTEM, "libsodium does not start");
    status = io_open_folder(folder, &folder_fd, error);
    if (status != LICET_OK)
        return status;
    names = names_create(folder_fd);
    if (names == NULL) {
        close(folder_fd);
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the names");
    }
    status = names_open_in(names, name, context, error);
    if (status != LICET_OK) {
        names_file_destroy(names);
        return status;
    }
    *ret_names = names;
    return LICET_OK;
}

void names_file_destroy(struct names_file *names)
{
    if (names == NULL)
        return;
    if (names->fd >= 0)
        close(names->fd);
    close(names->folder_fd);
    free(names);
}

/* ---- rewriting */

struct names_erasing {
    struct names_file *copy;
    names_file_erase_fn *is_erased;
    void *context;
};

static enum status names_copy(void *context, uint32_t id, struct text name, struct error *error)
{
    struct names_erasing *erasing = context;
    struct names_file *copy = erasing->copy;
    enum status status = LICET_OK;

    if (name.size > 0 && erasing->is_erased(erasing->context, id, name))
        name.size = 0;
    if (names_is_full(copy, name))
        status = names_put(copy, NAMES_TEMPORARY, error);
    journal_body_add(&copy->pending, name);
    copy->pending_count++;
    return status;
}

static enum status names_write_copy(const struct names_file *names, struct names_erasing *erasing,
                                    struct error *error)
{
    struct names_file *copy = erasing->copy;
    struct names_image image = {0};
    enum status status =
        io_open(names->folder_fd, NAMES_TEMPORARY, O_RDWR | O_CREAT | O_TRUNC, &copy->fd, error);

    if (status == LICET_OK)
        status = names_load(names->fd, &image, error);
    if (status == LICET_OK)
        status = names_walk(&image, names_copy, erasing, error);
    if (status == LICET_OK && copy->pending_count > 0)
        status = names_put(copy, NAMES_TEMPORARY, error);
    if (status == LICET_OK && copy->head.number != names->head.number)
        status = error_set(error, LICET_DAMAGED, "the names file has lost its end");
    free(image.data);
    return status;
}

enum status names_file_rewrite(struct names_file *names, names_file_erase_fn *is_erased,
                               void *context, struct error *error)
{
    struct names_erasing erasing = {names_create(names->folder_fd), is_erased, context};
    enum status status = names_file_sync(names, error);

    if (erasing.copy == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to rewrite the names");
    if (status == LICET_OK)
        status = names_write_copy(names, &erasing, error);
    if (status == LICET_OK)
        status = io_rename(names->folder_fd, NAMES_TEMPORARY, NAMES_NAME, error);
    if (status == LICET_OK) {
        int fd = names->fd;

        names->fd = erasing.copy->fd;
        names->offset = erasing.copy->offset;
        names->head = erasing.copy->head;
        erasing.copy->fd = fd;
    } else {
        names->is_dead = true;
    }
    if (erasing.copy->fd >= 0)
        close(erasing.copy->fd);
    free(erasing.copy);
    return status;
}

/* ---- repair */

static enum status names_put_aside(int folder_fd, struct error *error)
{
    char name[32];

    for (unsigned i = 1; i < 1000; i++) {
        snprintf(name, sizeof(name), NAMES_NAME ".damaged-%u", i);
        if (linkat(folder_fd, NAMES_NAME, folder_fd, name, 0) == 0)
            return LICET_OK;
    }
    return error_set(error, LICET_SYSTEM, "cannot put the damaged names aside");
}

static enum status names_keep(int folder_fd, struct text prefix, struct error *error)
{
    enum status status = names_put_aside(folder_fd, error);
    int fd;

    if (status == LICET_OK)
        status = io_open(folder_fd, NAMES_TEMPORARY, O_RDWR | O_CREAT | O_TRUNC, &fd, error);
    if (status != LICET_OK)
        return status;
    status = io_write(fd, NAMES_TEMPORARY, prefix, (struct text){NULL, 0}, 0, error);
    if (status == LICET_OK)
        status = io_sync(fd, NAMES_TEMPORARY, error);
    close(fd);
    if (status == LICET_OK)
        status = io_rename(folder_fd, NAMES_TEMPORARY, NAMES_NAME, error);
    return status;
}

static enum status names_repair_in(int folder_fd, uint32_t *ret_kept, struct error *error)
{
    struct names_image image = {0};
    enum status status;
    int fd;

    status = io_open(folder_fd, NAMES_NAME, O_RDONLY, &fd, error);
    if (status != LICET_OK)
        return status;
    status = names_load(fd, &image, error);
    close(fd);
    if (status == LICET_OK)
        status = names_walk(&image, NULL, NULL, error);
    if (status == LICET_DAMAGED)
        status = names_keep(folder_fd, (struct text){image.data, image.end}, error);
    free(image.data);
    if (status == LICET_OK)
        *ret_kept = (uint32_t)image.head.number;
    return status;
}

enum status names_file_repair(const char *folder, uint32_t *ret_kept, struct error *error)
{
    int folder_fd, lock_fd;
    enum status status;

    if (sodium_init() < 0)
        return error_set(error, LICET_SYSTEM, "libsodium does not start");
    status = io_open_folder(folder, &folder_fd, error);
    if (status != LICET_OK)
        return status;
    status = folder_lock(folder_fd, &lock_fd, error);
    if (status == LICET_OK) {
        status = names_repair_in(folder_fd, ret_kept, error);
        close(lock_fd);
    }
    close(folder_fd);
    return status;
}
