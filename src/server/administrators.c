/* The administrators file: `administrator NAME HASH` and `token ROLE END HASH NAME` lines,
 * rewritten whole. */
#include "server/administrators.h"

#include <limits.h>
#include <sodium.h>
#include <unistd.h>

#include "base/file.h"
#include "base/parse.h"

#define ADMINISTRATORS_MAX 64        /* people; a connection keeps their number in 8 bits */
#define TOKENS_MAX 1024              /* 64 people with 16 tokens each; ended ones make room */
#define FILE_BYTES_MAX (512u * 1024) /* 1,024 lines of 200 bytes, and 64 of 300 */

struct administrator {
    char name[NAME_MAX_BYTES + 1];
    char password_hash[PASSWORD_HASH_BYTES];
};

struct token {
    enum http_role role;
    struct unix_time end;
    uint8_t hash[TOKEN_HASH_BYTES];
    char name[NAME_MAX_BYTES + 1];
};

struct administrators {
    char path[PATH_MAX];
    char first_token_path[PATH_MAX];
    bool has_first_token;
    uint8_t first_token_hash[TOKEN_HASH_BYTES];
    struct administrator people[ADMINISTRATORS_MAX];
    uint32_t people_count;
    struct token tokens[TOKENS_MAX];
    uint32_t tokens_count;
};

/* ---- the file ---- */

static bool name_take(char *place, struct text name)
{
    if (!text_is_name(name))
        return false;
    memcpy(place, name.data, name.size);
    place[name.size] = '\0';
    return true;
}

static bool person_read(struct administrators *administrators, struct text rest)
{
    struct administrator *person = &administrators->people[administrators->people_count];
    struct text name, hash;

    if (administrators->people_count == ADMINISTRATORS_MAX || !text_split(&rest, ' ', &name) ||
        !text_split(&rest, ' ', &hash) || rest.data != NULL || hash.size >= PASSWORD_HASH_BYTES ||
        !name_take(person->name, name))
        return false;
    memcpy(person->password_hash, hash.data, hash.size);
    administrators->people_count++;
    return true;
}

static bool token_read(struct administrators *administrators, struct text rest)
{
    struct token *token = &administrators->tokens[administrators->tokens_count];
    struct text role, end, hash, name;

    if (administrators->tokens_count == TOKENS_MAX || !text_split(&rest, ' ', &role) ||
        !text_split(&rest, ' ', &end) || !text_split(&rest, ' ', &hash) ||
        !text_split(&rest, ' ', &name) || rest.data != NULL ||
        unix_time_parse(end, &token->end, NULL) != LICET_OK ||
        parse_hex(hash, token->hash, sizeof(token->hash), NULL) != LICET_OK ||
        !name_take(token->name, name))
        return false;
    token->role = text_is(role, "administrator") ? HTTP_ROLE_ADMINISTRATOR : HTTP_ROLE_VIEWER;
    administrators->tokens_count++;
    return text_is(role, "administrator") || text_is(role, "viewer");
}

static enum status administrators_parse(struct administrators *administrators, struct text file,
                                        struct error *error)
{
    struct text line, word;
    uint32_t number = 0;

    while (text_split(&file, '\n', &line)) {
        struct text rest = line;

        number++;
        if (line.size == 0)
            continue;
        text_split(&rest, ' ', &word);
        if (!(text_is(word, "administrator") && person_read(administrators, rest)) &&
            !(text_is(word, "token") && token_read(administrators, rest)))
            return error_set(error, LICET_DAMAGED, "%s, line %u is not one that licetd wrote",
                             administrators->path, number);
    }
    return LICET_OK;
}

static enum status administrators_write(const struct administrators *administrators,
                                        struct error *error)
{
    char *place = malloc(FILE_BYTES_MAX);
    struct buf buf = buf_over(place, FILE_BYTES_MAX);
    enum status status;

    if (place == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to write %s",
                         administrators->path);
    for (uint32_t index = 0; index < administrators->people_count; index++)
        buf_printf(&buf, "administrator %s %s\n", administrators->people[index].name,
                   administrators->people[index].password_hash);
    for (uint32_t index = 0; index < administrators->tokens_count; index++) {
        const struct token *token = &administrators->tokens[index];

        buf_printf(&buf, "token %s ",
                   token->role == HTTP_ROLE_ADMINISTRATOR ? "administrator" : "viewer");
        unix_time_print(token->end, &buf);
        buf_add_byte(&buf, ' ');
        print_hex(token->hash, sizeof(token->hash), &buf);
        buf_printf(&buf, " %s\n", token->name);
    }
    status = file_replace(administrators->path, buf_text(&buf), 0600, error);
    free(place);
    return status;
}

/* ---- first start ---- */

static enum status first_token_open(struct administrators *administrators, struct error *error)
{
    char token[TOKEN_TEXT_BYTES + 2];
    struct text file;
    enum status status = file_read(administrators->first_token_path, sizeof(token), &file, error);

    if (status == LICET_NOT_FOUND) {
        token_make(token);
        token[TOKEN_TEXT_BYTES] = '\n';
        status = file_create(administrators->first_token_path,
                             text_make(token, TOKEN_TEXT_BYTES + 1), 0600, error);
        token_hash(text_make(token, TOKEN_TEXT_BYTES), administrators->first_token_hash);
        sodium_memzero(token, sizeof(token));
    } else if (status == LICET_OK) {
        token_hash(text_head(file, text_find(file, '\n')), administrators->first_token_hash);
        file_free(file);
    }
    administrators->has_first_token = status == LICET_OK;
    return status;
}

enum status administrators_open(const char *folder, struct administrators **ret_administrators,
                                struct error *error)
{
    struct administrators *administrators = calloc(1, sizeof(*administrators));
    struct text file;
    enum status status;

    if (administrators == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the administrators");
    snprintf(administrators->path, sizeof(administrators->path), "%s/administrators", folder);
    snprintf(administrators->first_token_path, sizeof(administrators->first_token_path),
             "%s/first-token", folder);
    status = file_read(administrators->path, FILE_BYTES_MAX, &file, error);
    if (status == LICET_OK) {
        status = administrators_parse(administrators, file, error);
        file_free(file);
    } else if (status == LICET_NOT_FOUND) {
        status = first_token_open(administrators, error);
    }
    if (status != LICET_OK) {
        administrators_close(administrators);
        return status;
    }
    *ret_administrators = administrators;
    return LICET_OK;
}

void administrators_close(struct administrators *administrators)
{
    if (administrators != NULL)
        sodium_memzero(administrators, sizeof(*administrators));
    free(administrators);
}

bool administrators_is_empty(const struct administrators *administrators)
{
    return administrators->people_count == 0;
}

/* ---- asking ---- */

/* Also one that has ended; NULL: none. */
static const struct token *token_find(const struct administrators *administrators,
                                      struct text token)
{
    uint8_t hash[TOKEN_HASH_BYTES];

    token_hash(token, hash);
    for (uint32_t index = 0; index < administrators->tokens_count; index++) {
        if (sodium_memcmp(hash, administrators->tokens[index].hash, sizeof(hash)) == 0)
            return &administrators->tokens[index];
    }
    return NULL;
}

enum status administrators_identify(const struct administrators *administrators, struct text token,
                                    struct unix_time now, enum http_role *ret_role,
                                    struct error *error)
{
    const struct token *known = token_find(administrators, token);

    if (known != NULL && now.s < known->end.s) {
        *ret_role = known->role;
        return LICET_OK;
    }
    return error_set(error, LICET_UNAUTHENTICATED,
                     "this token is not known here, or has ended: licet login gets another");
}

const char *administrators_name(const struct administrators *administrators, struct text token)
{
    const struct token *known = token_find(administrators, token);

    return known == NULL ? "" : known->name;
}

uint32_t administrators_person(const struct administrators *administrators, struct text token)
{
    const struct token *known = token_find(administrators, token);

    for (uint32_t index = 0; known != NULL && index < administrators->people_count; index++) {
        if (strcmp(known->name, administrators->people[index].name) == 0)
            return index + 1;
    }
    return 0;
}

const char *administrators_person_name(const struct administrators *administrators, uint32_t person)
{
    return person == 0 ? "" : administrators->people[person - 1].name;
}

bool administrators_is_first_token(const struct administrators *administrators, struct text token)
{
    uint8_t hash[TOKEN_HASH_BYTES];

    token_hash(token, hash);
    return administrators->has_first_token && administrators->people_count == 0 &&
           sodium_memcmp(hash, administrators->first_token_hash, sizeof(hash)) == 0;
}

const char *administrators_password(const struct administrators *administrators, struct text name)
{
    for (uint32_t index = 0; index < administrators->people_count; index++) {
        if (text_is(name, administrators->people[index].name))
            return administrators->people[index].password_hash;
    }
    return NULL;
}

/* ---- changing ---- */

enum status administrators_add(struct administrators *administrators, struct text name,
                               const char *password_hash, struct error *error)
{
    struct administrator *person = &administrators->people[administrators->people_count];
    enum status status;

    if (administrators->people_count == ADMINISTRATORS_MAX)
        return error_set(error, LICET_OVER_LIMIT, "more than %d administrators",
                         ADMINISTRATORS_MAX);
    if (administrators_password(administrators, name) != NULL)
        return error_set(error, LICET_CONFLICT, "there is an administrator of this name");
    if (!name_take(person->name, name))
        return error_set(error, LICET_INVALID, "a name has 1 to %d bytes without blanks",
                         NAME_MAX_BYTES);
    snprintf(person->password_hash, sizeof(person->password_hash), "%s", password_hash);
    administrators->people_count++;
    status = administrators_write(administrators, error);
    if (status != LICET_OK) {
        administrators->people_count--;
        return status;
    }
    administrators->has_first_token = false;
    unlink(administrators
               ->first_token_path); /* it opens nothing any more, whether or not the file goes */
    return LICET_OK;
}

static void tokens_drop_ended(struct administrators *administrators, struct unix_time now)
{
    uint32_t kept = 0;

    for (uint32_t index = 0; index < administrators->tokens_count; index++) {
        if (now.s < administrators->tokens[index].end.s)
            administrators->tokens[kept++] = administrators->tokens[index];
    }
    administrators->tokens_count = kept;
}

enum status administrators_add_token(struct administrators *administrators, struct text name,
                                     enum http_role role, struct unix_time end,
                                     struct unix_time now, char ret_token[TOKEN_TEXT_BYTES + 1],
                                     struct error *error)
{
    struct token *token;
    enum status status;

    tokens_drop_ended(administrators, now);
    if (administrators->tokens_count == TOKENS_MAX)
        return error_set(error, LICET_OVER_LIMIT, "more than %d tokens are in use", TOKENS_MAX);
    token = &administrators->tokens[administrators->tokens_count];
    *token = (struct token){.role = role, .end = end};
    if (!name_take(token->name, name))
        return error_set(error, LICET_INVALID, "a name has 1 to %d bytes without blanks",
                         NAME_MAX_BYTES);
    token_make(ret_token);
    token_hash(text_make(ret_token, TOKEN_TEXT_BYTES), token->hash);
    administrators->tokens_count++;
    status = administrators_write(administrators, error);
    if (status != LICET_OK)
        administrators->tokens_count--;
    return status;
}
