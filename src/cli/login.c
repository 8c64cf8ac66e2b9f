/*
 * licet login: a password for a token, which later commands find: an administrator's on a license
 * server (R10.6), a person's on the vendor's portal (R11). The two are kept apart.
 */
#include <getopt.h>

#include <sodium.h>

#include "base/file.h"
#include "base/parse.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/portal/portal.h"
#include "cli/prompt.h"

#define LOGIN_DAYS_MAX 365

struct login {
    const char *portal;     /* its address; NULL: a license server */
    const char *first;      /* file of the one-time token, NULL: there is somebody already */
    const char *invitation; /* the same for one person of the portal */
    const char *role;
    uint32_t days;                   /* 0: what the server thinks right */
    char name[PROMPT_BYTES_MAX + 1]; /* of the portal: the e-mail address */
    char full_name[PROMPT_BYTES_MAX + 1];
    char organization[PROMPT_BYTES_MAX + 1];
    char password[PROMPT_BYTES_MAX + 1];
    char first_token[PROMPT_BYTES_MAX + 1];
};

static enum status login_option(struct login *login, int option, struct error *error)
{
    switch (option) {
    case 'f':
        login->first = optarg;
        return LICET_OK;
    case 'i':
        login->invitation = optarg;
        return LICET_OK;
    case 'n':
        if (strlen(optarg) > PROMPT_BYTES_MAX)
            return error_set(error, LICET_INVALID, "a name has at most %d bytes", PROMPT_BYTES_MAX);
        memcpy(login->name, optarg, strlen(optarg) + 1);
        return LICET_OK;
    case 'p':
        login->portal = optarg;
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
        {"invitation", required_argument, NULL, 'i'},
        {"name", required_argument, NULL, 'n'},
        {"role", required_argument, NULL, 'r'},
        {"days", required_argument, NULL, 'd'},
        {"portal", required_argument, NULL, 'p'},
        {NULL, 0, NULL, 0},
    };
    enum status status = LICET_OK;
    int option;

    optind = 0;
    opterr = 0;
    while (status == LICET_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = login_option(login, option, error);
    if (status == LICET_OK &&
        (optind != argc || (login->first != NULL && login->invitation != NULL)))
        return command_usage("login", error);
    return status;
}

/* `-` asks for the token, so that it can come from somebody else's file: that of licetd's user. */
static enum status login_first_token(struct login *login, const char *path, struct error *error)
{
    struct text file, token;
    enum status status;

    if (strcmp(path, "-") == 0)
        return prompt_line("One-time token", true, login->first_token, error);
    status = file_read(path, PROMPT_BYTES_MAX, &file, error);
    if (status != LICET_OK)
        return status;
    token = text_head(file, text_find(file, '\n'));
    memcpy(login->first_token, token.data, token.size);
    login->first_token[token.size] = '\0';
    file_free(file);
    return LICET_OK;
}

static enum status login_ask_new(struct login *login, struct error *error)
{
    enum status status =
        login_first_token(login, login->first != NULL ? login->first : login->invitation, error);

    if (status == LICET_OK && login->invitation == NULL && login->name[0] == '\0')
        status = prompt_line(login->portal != NULL ? "E-mail address" : "Name", false, login->name,
                             error);
    if (status == LICET_OK && login->portal != NULL && login->invitation == NULL)
        status = prompt_line("Your name", false, login->full_name, error);
    if (status == LICET_OK && login->portal != NULL && login->invitation == NULL)
        status = prompt_line("The vendor's name", false, login->organization, error);
    return status == LICET_OK ? prompt_new_password(login->password, error) : status;
}

static enum status login_ask(struct login *login, struct error *error)
{
    enum status status = LICET_OK;

    if (login->first != NULL || login->invitation != NULL)
        return login_ask_new(login, error);
    if (login->name[0] == '\0')
        status = prompt_line(login->portal != NULL ? "E-mail address" : "Name", false, login->name,
                             error);
    return status == LICET_OK ? prompt_line("Password", true, login->password, error) : status;
}

/* ---- what is sent, and where */

static json_t *login_server_members(const struct login *login)
{
    json_t *body = json_pack("{s:s, s:s}", "name", login->name, "password", login->password);

    if (login->first != NULL)
        json_object_set_new(body, "token", json_string(login->first_token));
    if (login->role != NULL)
        json_object_set_new(body, "role", json_string(login->role));
    if (login->days != 0)
        json_object_set_new(body, "days", json_integer(login->days));
    return body;
}

static json_t *login_portal_members(const struct login *login)
{
    if (login->invitation != NULL)
        return json_pack("{s:s, s:s}", "token", login->first_token, "password", login->password);
    if (login->first != NULL)
        return json_pack("{s:s, s:s, s:s, s:s, s:s}", "token", login->first_token, "organization",
                         login->organization, "email", login->name, "name", login->full_name,
                         "password", login->password);
    return json_pack("{s:s, s:s}", "email", login->name, "password", login->password);
}

static const char *login_path(const struct login *login)
{
    if (login->portal == NULL)
        return login->first != NULL ? "/administrators" : "/tokens";
    if (login->invitation != NULL)
        return "/api/invitation";
    return login->first != NULL ? "/api/setup" : "/api/session";
}

/* The caller wipes it. NULL: no memory, or a text that is not UTF-8. */
static char *login_body(const struct login *login)
{
    json_t *body =
        login->portal != NULL ? login_portal_members(login) : login_server_members(login);
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);

    json_decref(body);
    return text;
}

static void login_tell(const struct login *login, json_t *root, const char *path)
{
    if (login->portal != NULL)
        printf("%s is signed in until %s; the token is in %s\n",
               console_string(json_object_get(root, "person"), "name", "?"),
               console_string(root, "ends", "?"), path);
    else
        printf("%s is signed in as %s until %s; the token is in %s\n",
               console_string(root, "name", "?"), console_string(root, "role", "?"),
               console_string(root, "end", "?"), path);
    if (getenv("LICET_TOKEN") != NULL && (login->portal == NULL || getenv("LICET_PORTAL") != NULL))
        fprintf(stderr, "licet: LICET_TOKEN is set, and goes before that file: unset it\n");
}

static enum status login_keep(const struct login *login, const struct portal *portal, json_t *root,
                              struct error *error)
{
    const char *token = json_string_value(json_object_get(root, "token"));
    char path[KEPT_PATH_MAX];
    enum status status = login->portal != NULL
                             ? portal_keep(portal, token == NULL ? "" : token, path, error)
                             : console_keep_token(token == NULL ? "" : token, path, error);

    if (status == LICET_OK)
        login_tell(login, root, path);
    return status;
}

static enum status login_send(const struct login *login, struct portal *portal, json_t **ret_root,
                              struct error *error)
{
    struct call_answer answer = {0};
    enum status status;
    char *body = login_body(login);

    if (body == NULL)
        return error_set(error, LICET_INVALID, "name and password must be UTF-8");
    if (login->portal != NULL)
        status = portal_call(portal, "POST", login_path(login), text_of(body), &answer, error);
    else
        status = console_call(login_path(login), text_of(body), false, &answer, error);
    sodium_memzero(body, strlen(body));
    free(body);
    if (status == LICET_OK)
        status = call_load(&answer, login->portal != NULL ? "portal" : "license server", ret_root,
                           error);
    call_finish(&answer);
    return status;
}

/* Which of the two, and whether what was typed makes sense there. */
static enum status login_choose(struct login *login, struct portal *portal, struct error *error)
{
    const char *server = getenv("LICET_SERVER"), *address = getenv("LICET_PORTAL");
    enum status status;

    if (login->portal == NULL && (server == NULL || server[0] == '\0') && address != NULL &&
        address[0] != '\0')
        login->portal = address;
    if (login->portal == NULL && login->invitation != NULL)
        return error_set(error, LICET_INVALID,
                         "a license server has no invitations; --portal URL names the portal");
    if (login->portal == NULL)
        return console_check_loopback(error);
    if (login->role != NULL || login->days != 0)
        return error_set(error, LICET_INVALID,
                         "a portal knows your role, and gives a token for 12 hours: leave out "
                         "--role and --days");
    status = portal_open(portal, login->portal, false, NULL, error);
    portal->key[0] = '\0'; /* these acts have none */
    return status;
}

enum status login_run(int argc, char **argv, struct error *error)
{
    struct login login = {.role = NULL};
    struct portal portal = {.who = NULL};
    json_t *root = NULL;
    enum status status = login_parse(&login, argc, argv, error);

    if (status == LICET_OK)
        status = login_choose(&login, &portal, error);
    if (status == LICET_OK)
        status = login_ask(&login, error);
    if (status == LICET_OK)
        status = login_send(&login, &portal, &root, error);
    if (status == LICET_OK)
        status = login_keep(&login, &portal, root, error);
    json_decref(root);
    portal_close(&portal);
    sodium_memzero(&login, sizeof(login));
    return status;
}
