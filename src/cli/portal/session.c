/* licet logout, licet password: what a person does about her own session. */
#include <sodium.h>

#include "cli/portal/act.h"
#include "cli/portal/portal.h"
#include "cli/prompt.h"

enum status logout_run(const struct act *act, int argc, char **argv, struct error *error)
{
    struct portal portal;
    json_t *answer = NULL;
    enum status status;

    if (argc != 1)
        return act_misuse(act, error, "%.60s is one word too many", argv[1]);
    status = portal_open(&portal, NULL, true, NULL, error);
    if (status == LICET_OK)
        status = portal_ask(&portal, act->method, act->path, NULL, &answer, error);
    json_decref(answer);
    portal_close(&portal);
    if (status == LICET_OK)
        status = portal_forget(error);
    if (status == LICET_OK)
        puts("signed out");
    return status;
}

static enum status password_ask(json_t **ret_body, struct error *error)
{
    char current[PROMPT_BYTES_MAX + 1], next[PROMPT_BYTES_MAX + 1];
    enum status status = prompt_line("Password until now", true, current, error);

    if (status == LICET_OK)
        status = prompt_new_password(next, error);
    if (status == LICET_OK) {
        *ret_body = json_pack("{s:s, s:s}", "current", current, "password", next);
        if (*ret_body == NULL)
            status = error_set(error, LICET_INVALID, "a password must be UTF-8");
    }
    sodium_memzero(current, sizeof(current));
    sodium_memzero(next, sizeof(next));
    return status;
}

enum status password_run(const struct act *act, int argc, char **argv, struct error *error)
{
    struct portal portal;
    json_t *body = NULL, *answer = NULL;
    enum status status;

    if (argc != 1)
        return act_misuse(act, error, "a password is asked for, and no word: %.20s", argv[1]);
    status = portal_open(&portal, NULL, true, NULL, error);
    if (status == LICET_OK)
        status = password_ask(&body, error);
    if (status == LICET_OK)
        status = portal_ask(&portal, act->method, act->path, body, &answer, error);
    if (status == LICET_OK)
        puts("the password is changed; your other sessions have ended");
    json_decref(answer);
    json_decref(body);
    portal_close(&portal);
    return status;
}
