/* An act that is typed: parsed, looked up, called, shown. */
#include "cli/portal/show.h"
#include "cli/portal/typed.h"

static enum status act_show_list(const struct typed *typed, struct portal *portal, const char *path,
                                 struct error *error)
{
    const char *cursor = typed->act->form == FORM_AFTER ? "after" : "before";
    json_t *rows, *whole;
    enum status status = portal_list(portal, path, cursor, &rows, error);

    if (status != LICET_OK)
        return status;
    if (typed->is_json) {
        whole = json_pack("{s:O, s:n}", "items", rows, "next");
        show_json(whole);
        json_decref(whole);
    } else {
        show_table(typed->act->shows, rows, 0);
    }
    json_decref(rows);
    return LICET_OK;
}

/* A secret is told once; if that answer was lost, nobody has it. */
static void act_note_lost_secret(const struct portal *portal, const json_t *answer)
{
    if (portal->is_repeated && (json_is_null(json_object_get(answer, "token")) ||
                                json_is_null(json_object_get(answer, "invitation"))))
        fprintf(stderr, "licet: it is made, but the answer that told its secret was lost: take it "
                        "away again, and make another\n");
}

static enum status act_show_answer(const struct typed *typed, struct portal *portal,
                                   const struct typed_call *call, struct error *error)
{
    json_t *answer;
    enum status status =
        portal_ask(portal, typed->act->method, call->path, call->body, &answer, error);

    if (status != LICET_OK)
        return status;
    if (typed->is_json)
        show_json(answer);
    else if (typed->act->form == FORM_SAID)
        show_sentence(typed->act->shows, answer);
    else
        show_whole(answer);
    act_note_lost_secret(portal, answer);
    json_decref(answer);
    return LICET_OK;
}

enum status act_run(const struct act *act, int argc, char **argv, struct error *error)
{
    struct portal portal = {.who = NULL};
    struct typed_call call = {NULL, NULL};
    struct typed typed;
    enum status status = typed_parse(act, argc, argv, &typed, error);

    if (status == LICET_OK)
        status = portal_open(&portal, NULL, strcmp(act->path, "/health") != 0, typed.key, error);
    if (status == LICET_OK)
        status = typed_make(&typed, &portal, &call, error);
    if (status == LICET_OK)
        status = act->form == FORM_AFTER || act->form == FORM_BEFORE
                     ? act_show_list(&typed, &portal, call.path, error)
                     : act_show_answer(&typed, &portal, &call, error);
    typed_call_finish(&call);
    portal_close(&portal);
    return status;
}
