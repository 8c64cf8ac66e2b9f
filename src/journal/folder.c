/* Files of a journal's folder. */
#include "journal/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/wire.h"
#include "journal/io.h"

struct file_name file_name(uint64_t number, const char *suffix)
{
    struct file_name name;

    snprintf(name.text, sizeof(name.text), "%010" PRIu64 "%s", number, suffix);
    return name;
}

static bool file_name_number(const char *name, const char *suffix, uint64_t *ret_number)
{
    struct text digits = text_of(name);
    struct file_name again;

    if (digits.size <= strlen(suffix) ||
        !text_is(text_skip(digits, digits.size - strlen(suffix)), suffix))
        return false;
    digits = text_head(digits, digits.size - strlen(suffix));
    while (digits.size > 1 && digits.data[0] == '0')
        digits = text_skip(digits, 1);
    if (parse_u64(digits, 1, UINT64_MAX - 1, ret_number, NULL) != LICET_OK)
        return false;
    again = file_name(*ret_number, suffix);
    return strcmp(again.text, name) == 0;
}

static int number_compare(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;

    return *a < *b ? -1 : *a > *b;
}

static bool numbers_add(struct numbers *numbers, size_t *capacity, uint64_t number)
{
    if (numbers->count == *capacity) {
        size_t larger = *capacity * 2 + 16;
        uint64_t *items = realloc(numbers->items, larger * sizeof(*items));

        if (items == NULL)
            return false;
        numbers->items = items;
        *capacity = larger;
    }
    numbers->items[numbers->count++] = number;
    return true;
}

enum status numbers_list(int folder_fd, const char *suffix, struct numbers *ret_numbers,
                         struct error *error)
{
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct numbers numbers = {NULL, 0};
    const struct dirent *entry;
    size_t capacity = 0;
    uint64_t number;

    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return error_set(error, LICET_SYSTEM, "cannot list the journal's folder: %s",
                         strerror(errno));
    }
    while ((entry = readdir(folder)) != NULL) {
        if (file_name_number(entry->d_name, suffix, &number) &&
            !numbers_add(&numbers, &capacity, number)) {
            free(numbers.items);
            closedir(folder);
            return error_set(error, LICET_NO_MEMORY, "no memory is left to list the journal");
        }
    }
    closedir(folder);
    if (numbers.count > 1)
        qsort(numbers.items, numbers.count, sizeof(number), number_compare);
    *ret_numbers = numbers;
    return LICET_OK;
}

enum status folder_lock(int folder_fd, int *ret_lock_fd, struct error *error)
{
    enum status status = io_open(folder_fd, LOCK_NAME, O_RDWR | O_CREAT, ret_lock_fd, error);

    if (status != LICET_OK)
        return status;
    if (flock(*ret_lock_fd, LOCK_EX | LOCK_NB) == 0)
        return LICET_OK;
    if (errno == EWOULDBLOCK)
        status = error_set(error, LICET_CONFLICT,
                           "another process uses this journal; stop it first, or give this one a "
                           "state folder of its own");
    else
        status = error_set(error, LICET_SYSTEM, "cannot lock the journal: %s", strerror(errno));
    close(*ret_lock_fd);
    return status;
}

void opening_print(const struct opening *opening, char bytes[OPENING_BYTES])
{
    uint8_t *at = (uint8_t *)bytes;

    memcpy(at, opening->journal, 16);
    wire_put_u64(at + 16, opening->segment);
    wire_put_u64(at + 24, (uint64_t)opening->created);
    wire_put_u32(at + 32, opening->segment_bytes);
}

bool opening_parse(const struct group *group, struct opening *ret_opening)
{
    const uint8_t *at = (const uint8_t *)group->body.data;

    if (group->kind != GROUP_SEGMENT || group->body.size != OPENING_BYTES)
        return false;
    memcpy(ret_opening->journal, at, 16);
    ret_opening->segment = wire_get_u64(at + 16);
    ret_opening->created = (int64_t)wire_get_u64(at + 24);
    ret_opening->segment_bytes = wire_get_u32(at + 32);
    return ret_opening->segment_bytes >= JOURNAL_SEGMENT_BYTES_MIN &&
           ret_opening->segment_bytes <= SEGMENT_BYTES_LIMIT;
}

static enum status image_fill(struct image *image, int fd, const char *name, struct error *error)
{
    uint64_t size;
    enum status status = io_size(fd, name, &size, error);

    if (status != LICET_OK)
        return status;
    if (size > SEGMENT_BYTES_LIMIT)
        return error_set(error, LICET_DAMAGED,
                         "the journal's %s is larger than any segment; stop here and run `licetd "
                         "repair`, or restore a back-up",
                         name);
    if (size > image->capacity) {
        free(image->data);
        image->capacity = 0;
        image->data = malloc((size_t)size);
        if (image->data == NULL)
            return error_set(error, LICET_NO_MEMORY, "no memory is left to read the journal");
        image->capacity = (size_t)size;
    }
    return io_read(fd, name, image->data, (size_t)size, 0, &image->size, error);
}

enum status image_load(struct image *image, int folder_fd, uint64_t segment, struct error *error)
{
    struct file_name name = file_name(segment, SEGMENT_SUFFIX);
    enum status status;
    int fd;

    image->segment = segment;
    image->size = 0;
    status = io_open(folder_fd, name.text, O_RDONLY, &fd, error);
    if (status != LICET_OK)
        return status;
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    status = image_fill(image, fd, name.text, error);
    close(fd); /* it was only read */
    return status;
}

void image_finish(struct image *image)
{
    free(image->data);
    *image = (struct image){0};
}

struct text image_text(const struct image *image)
{
    return (struct text){image->data, image->size};
}

enum status image_opening(const struct image *image, struct group *ret_group,
                          struct opening *ret_opening, struct error *error)
{
    uint32_t size;

    if (group_read_header(image_text(image), 0, ret_group, &size) &&
        ret_group->format != GROUP_FORMAT)
        return error_set(error, LICET_UNSUPPORTED,
                         "the journal was written by a newer licetd; start that one");
    if (!group_read_first(image_text(image), 0, ret_group) ||
        !opening_parse(ret_group, ret_opening) || ret_opening->segment != image->segment)
        return error_set(error, LICET_DAMAGED,
                         "the journal's %s is damaged at its beginning; stop here and run `licetd "
                         "repair`, or restore a back-up",
                         file_name(image->segment, SEGMENT_SUFFIX).text);
    return LICET_OK;
}

static enum status prepare_fill(int fd, struct text first, uint32_t size, struct error *error)
{
    enum status status = io_write(fd, PREPARE_NAME, first, (struct text){NULL, 0}, 0, error);

    if (status == LICET_OK)
        status = io_write_zeros(fd, PREPARE_NAME, (off_t)first.size, size - first.size, error);
    if (status == LICET_OK)
        status = io_sync(fd, PREPARE_NAME, error);
    return status;
}

enum status prepare_write(int folder_fd, struct text first, uint32_t size, struct error *error)
{
    enum status status, closed;
    int fd;

    status = io_open(folder_fd, PREPARE_NAME, O_RDWR | O_CREAT | O_TRUNC, &fd, error);
    if (status != LICET_OK)
        return status;
    status = prepare_fill(fd, first, size, error);
    closed = io_close(fd, PREPARE_NAME, status == LICET_OK ? error : NULL);
    if (status == LICET_OK)
        status = closed;
    if (status != LICET_OK)
        io_unlink(folder_fd, PREPARE_NAME, NULL); /* it holds space that others may want */
    return status;
}

static void opening_group(const struct opening *opening, const struct journal_head *before,
                          uint8_t bytes[OPENING_GROUP_BYTES])
{
    char *body = (char *)bytes + GROUP_HEADER_BYTES;

    opening_print(opening, body);
    group_print(bytes, (struct group_form){GROUP_SEGMENT, 0, {body, OPENING_BYTES}}, before);
}

enum status segment_make(int folder_fd, const struct opening *opening,
                         const struct journal_head *before, struct error *error)
{
    uint8_t bytes[OPENING_GROUP_BYTES];
    enum status status;

    opening_group(opening, before, bytes);
    status =
        prepare_write(folder_fd, text_make(bytes, sizeof(bytes)), opening->segment_bytes, error);
    if (status != LICET_OK)
        return status;
    return io_rename(folder_fd, PREPARE_NAME, file_name(opening->segment, SEGMENT_SUFFIX).text,
                     error);
}
