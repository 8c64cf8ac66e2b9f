/* licet login: an administrator's password for a token, which later commands find (R10.6). */
#include <getopt.h>

#include <sodium.h>

#include "base/file.h"
#include "base/parse.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/prompt.h"

#define LOGIN_DAYS_MAX 365

struct login {
    const char *first; /* file of the one-time token, NULL: there are administrators already */
    const char *role;
    uint32_t days; /* 0: what the server thinks right */
    char name[PROMPT_BYTES_MAX + 1];
    char password[PROMPT_BYTES_MAX + 1];
    char first_token[PROMPT_BYTES_MAX + 1];
};

static enum status login_option(struct login *login, int option, struct error *error)
{
    switch (option) {
    case 'f':
        login->first = optarg;
        return LICET_OK;
    case 'n':
        if (strlen(optarg) > PROMPT_BYTES_MAX)
            return error_set(error, LICET_INVALID, "a name has at most %d bytes", NAME_MAX_BYTES);
        memcpy(login->name, optarg, strlen(optarg) + 1);
        return LICET_OK;
    case 'r':
        login->role = optarg;
        return LICET_OK;
    case 'd':
        return parse_u32(text_of(optarg), 1, LOGIN_DAYS_MAX, &login->days, error);
    default:
        return command_usage("login", error);
    }
}

static enum status login_parse(struct login *login, int argc, char **argv, struct error *error)
{
    static const struct option options[] = {
        {"first", required_argument, NULL, 'f'},
        {"name", required_argument, NULL, 'n'},
        {"role", required_argument, NULL, 'r'},
        {"days", required_argument, NULL, 'd'},
        {NULL, 0, NULL, 0},
    };
    enum status status = LICET_OK;
    int option;

    optind = 0;
    opterr = 0;
    while (status == LICET_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = login_option(login, option, error);
    return status == LICET_OK && optind != argc ? command_usage("login", error) : status;
}

/* `-` asks for the token, so that it can come from somebody else's file: that of licetd's user. */
static enum status login_first_token(struct login *login, struct error *error)
{
    struct text file, token;
    enum status status;

    if (strcmp(login->first, "-") == 0)
        return prompt_line("One-time token", true, login->first_token, error);
    status = file_read(login->first, PROMPT_BYTES_MAX, &file, error);
    if (status != LICET_OK)
        return status;
    token = text_head(file, text_find(file, '\n'));
    memcpy(login->first_token, token.data, token.size);
    login->first_token[token.size] = '\0';
    file_free(file);
    return LICET_OK;
}

static enum status login_new_password(struct login *login, struct error *error)
{
    char again[PROMPT_BYTES_MAX + 1];
    enum status status = prompt_line("New password", true, login->password, error);

    if (status != LICET_OK || !prompt_is_terminal())
        return status;
    status = prompt_line("The same again", true, again, error);
    if (status == LICET_OK && strcmp(again, login->password) != 0)
        status = error_set(error, LICET_INVALID, "the two passwords differ; nothing was changed");
    sodium_memzero(again, sizeof(again));
    return status;
}

static enum status login_ask(struct login *login, struct error *error)
{
    enum status status = LICET_OK;

    if (login->first != NULL)
        status = login_first_token(login, error);
    if (status == LICET_OK && login->name[0] == '\0')
        status = prompt_line("Name", false, login->name, error);
    if (status != LICET_OK)
        return status;
    return login->first != NULL ? login_new_password(login, error)
                                : prompt_line("Password", true, login->password, error);
}

/* The caller wipes it. NULL: no memory, or a text that is not UTF-8. */
static char *login_body(const struct login *login)
{
    json_t *body = json_pack("{s:s, s:s}", "name", login->name, "password", login->password);
    char *text;

    if (body == NULL)
        return NULL;
    if (login->first != NULL)
        json_object_set_new(body, "token", json_string(login->first_token));
    if (login->role != NULL)
        json_object_set_new(body, "role", json_string(login->role));
    if (login->days != 0)
        json_object_set_new(body, "days", json_integer(login->days));
    text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return text;
}

static enum status login_keep(const struct console_answer *answer, struct error *error)
{
    json_t *root = json_loadb(answer->data == NULL ? "" : answer->data, answer->size,
                              JSON_REJECT_DUPLICATES, NULL);
    const char *token = json_string_value(json_object_get(root, "token"));
    char path[CONSOLE_PATH_MAX];
    enum status status = console_keep_token(token == NULL ? "" : token, path, error);

    if (status == LICET_OK) {
        printf("%s is signed in as %s until %s; the token is in %s\n",
               console_string(root, "name", "?"), console_string(root, "role", "?"),
               console_string(root, "end", "?"), path);
        if (getenv("LICET_TOKEN") != NULL)
            fprintf(stderr, "licet: LICET_TOKEN is set, and goes before that file: unset it\n");
    }
    json_decref(root);
    return status;
}

static enum status login_send(const struct login *login, struct error *error)
{
    char *body = login_body(login);
    struct console_answer answer = {0};
    enum status status;

    if (body == NULL)
        return error_set(error, LICET_INVALID, "name and password must be UTF-8");
    status = console_call(login->first != NULL ? "/administrators" : "/tokens", text_of(body),
                          false, &answer, error);
    sodium_memzero(body, strlen(body));
    free(body);
    if (status == LICET_OK)
        status = login_keep(&answer, error);
    console_answer_finish(&answer);
    return status;
}

enum status login_run(int argc, char **argv, struct error *error)
{
    struct login login = {.role = NULL};
    enum status status = login_parse(&login, argc, argv, error);

    if (status == LICET_OK)
        status = console_check_loopback(error);
    if (status == LICET_OK)
        status = login_ask(&login, error);
    if (status == LICET_OK)
        status = login_send(&login, error);
    sodium_memzero(&login, sizeof(login));
    return status;
}
