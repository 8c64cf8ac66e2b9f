/*
 * What the Redis clients of all languages send before the first real command, and what people type
 * at redis-cli. These commands change nothing but the connection that sends them. HELLO is refused
 * by no modern client in any other way than by hanging up, so it is answered in both protocols.
 */
#include "server/commands/commands.h"

#include "base/parse.h"
#include "server/administrators.h"
#include "server/connection.h"

static enum status ok_run(struct command_call *call, struct error *error)
{
    (void)error;
    resp_write_simple(call->reply, "OK");
    return LICET_OK;
}

/* ---- AUTH, HELLO ---- */

static enum status auth_token(struct command_call *call, struct text token, struct error *error)
{
    enum http_role role;
    enum status status;

    /* Security: without TLS a token on the network would be read by whoever listens (R10.5). */
    if (!call->connection->is_loopback)
        return error_set(
            error, LICET_FORBIDDEN,
            "tokens are taken from this machine only, until connections are encrypted");
    status = administrators_identify(call->server->administrators, token, call->server->now.utc,
                                     &role, error);
    if (status != LICET_OK)
        return status;
    call->connection->role = role == HTTP_ROLE_ADMINISTRATOR ? ROLE_ADMINISTRATOR : ROLE_VIEWER;
    call->connection->administrator =
        (uint8_t)administrators_person(call->server->administrators, token);
    return LICET_OK;
}

static enum status auth_run(struct command_call *call, struct error *error)
{
    enum status status =
        auth_token(call, call->arguments[call->count - 1], error); /* `AUTH user token` is usual */

    if (status == LICET_OK)
        resp_write_simple(call->reply, "OK");
    return status;
}

const struct command auth_command = {
    .name = "AUTH",
    .args_min = 1,
    .args_max = 2,
    .role = ROLE_PRODUCT,
    .usage = "[user] token",
    .summary = "Take the role of a token; the user's name is ignored.",
    .run = auth_run,
};

/* HELLO's options after the protocol: AUTH user token, SETNAME name. */
static enum status hello_options(struct command_call *call, struct error *error)
{
    uint32_t index = 1;

    while (index < call->count) {
        if (text_is_nocase(call->arguments[index], "AUTH") && call->count - index >= 3) {
            enum status status = auth_token(call, call->arguments[index + 2], error);

            if (status != LICET_OK)
                return status;
            index += 3;
        } else if (text_is_nocase(call->arguments[index], "SETNAME") && call->count - index >= 2) {
            index += 2;
        } else {
            return error_set(error, LICET_INVALID,
                             "HELLO takes [2|3 [AUTH user token] [SETNAME name]]");
        }
    }
    return LICET_OK;
}

static void hello_pair(struct buf *reply, const char *key, const char *value)
{
    resp_write_bulk(reply, text_of(key));
    resp_write_bulk(reply, text_of(value));
}

static enum status hello_run(struct command_call *call, struct error *error)
{
    enum resp_protocol protocol = (enum resp_protocol)call->connection->protocol;
    enum status status;

    if (call->count > 0) {
        if (!text_is(call->arguments[0], "2") && !text_is(call->arguments[0], "3"))
            return error_set(error, LICET_UNSUPPORTED, "the protocols are 2 and 3");
        protocol = call->arguments[0].data[0] == '3' ? RESP_3 : RESP_2;
        status = hello_options(call, error);
        if (status != LICET_OK)
            return status;
    }
    call->connection->protocol = (uint8_t)protocol;
    resp_write_map(call->reply, protocol, 7);
    hello_pair(call->reply, "server", LICETD_NAME);
    hello_pair(call->reply, "version", LICET_VERSION);
    resp_write_bulk(call->reply, TEXT("proto"));
    resp_write_integer(call->reply, protocol);
    resp_write_bulk(call->reply, TEXT("id"));
    resp_write_integer(call->reply, call->connection->fd);
    hello_pair(call->reply, "mode", "standalone");
    hello_pair(call->reply, "role", "master");
    resp_write_bulk(call->reply, TEXT("modules"));
    resp_write_array(call->reply, 0);
    return LICET_OK;
}

const struct command hello_command = {
    .name = "HELLO",
    .args_min = 0,
    .args_max = 6,
    .role = ROLE_PRODUCT,
    .usage = "[2|3 [AUTH user token] [SETNAME name]]",
    .summary = "Choose the protocol of replies.",
    .run = hello_run,
};

/* ---- PING, ECHO, QUIT, RESET, SELECT ---- */

static enum status ping_run(struct command_call *call, struct error *error)
{
    (void)error;
    if (call->count == 0)
        resp_write_simple(call->reply, "PONG");
    else
        resp_write_bulk(call->reply, call->arguments[0]);
    return LICET_OK;
}

const struct command ping_command = {
    .name = "PING",
    .args_min = 0,
    .args_max = 1,
    .role = ROLE_PRODUCT,
    .usage = "[text]",
    .summary = "Answer PONG, or the text.",
    .run = ping_run,
};

const struct command echo_command = {
    .name = "ECHO",
    .args_min = 1,
    .args_max = 1,
    .role = ROLE_PRODUCT,
    .usage = "text",
    .summary = "Answer the text.",
    .run = ping_run,
};

static enum status quit_run(struct command_call *call, struct error *error)
{
    call->connection->is_ending = true;
    return ok_run(call, error);
}

const struct command quit_command = {
    .name = "QUIT",
    .args_min = 0,
    .args_max = 0,
    .role = ROLE_PRODUCT,
    .usage = "",
    .summary = "Close this connection; leases go on.",
    .run = quit_run,
};

static enum status reset_run(struct command_call *call, struct error *error)
{
    (void)error;
    call->connection->role = ROLE_PRODUCT;
    call->connection->administrator = 0;
    call->connection->protocol = RESP_2;
    resp_write_simple(call->reply, "RESET");
    return LICET_OK;
}

const struct command reset_command = {
    .name = "RESET",
    .args_min = 0,
    .args_max = 0,
    .role = ROLE_PRODUCT,
    .usage = "",
    .summary = "Make this connection as it was when it began.",
    .run = reset_run,
};

static enum status select_run(struct command_call *call, struct error *error)
{
    if (!text_is(call->arguments[0], "0"))
        return error_set(error, LICET_UNSUPPORTED, "there is only one database here, 0");
    return ok_run(call, error);
}

const struct command select_command = {
    .name = "SELECT",
    .args_min = 1,
    .args_max = 1,
    .role = ROLE_PRODUCT,
    .usage = "0",
    .summary = "Do nothing; for clients that select a database.",
    .run = select_run,
};

/* ---- INFO, CLIENT, COMMAND, CONFIG ---- */

static enum status info_run(struct command_call *call, struct error *error)
{
    char place[256];
    struct buf info = buf_over(place, sizeof(place));

    (void)error;
    buf_printf(&info, "# Server\r\nserver:%s\r\nversion:%s\r\nloading:0\r\n", LICETD_NAME,
               LICET_VERSION);
    resp_write_bulk(call->reply, buf_text(&info));
    return LICET_OK;
}

const struct command info_command = {
    .name = "INFO",
    .args_min = 0,
    .args_max = 4,
    .role = ROLE_PRODUCT,
    .usage = "[section ...]",
    .summary = "Name the server and its version.",
    .run = info_run,
};

static enum status client_run(struct command_call *call, struct error *error)
{
    struct text verb = call->arguments[0];

    if (text_is_nocase(verb, "SETNAME") || text_is_nocase(verb, "SETINFO"))
        return ok_run(call,
                      error); /* nothing is kept: a name of its own choice identifies nobody */
    if (text_is_nocase(verb, "GETNAME")) {
        resp_write_null(call->reply, (enum resp_protocol)call->connection->protocol);
        return LICET_OK;
    }
    if (text_is_nocase(verb, "ID")) {
        resp_write_integer(call->reply, call->connection->fd);
        return LICET_OK;
    }
    if (text_is_nocase(verb, "REPLY") && call->count == 2 &&
        text_is_nocase(call->arguments[1], "ON"))
        return ok_run(call, error);
    return error_set(error, LICET_UNSUPPORTED, "CLIENT %.*s is not served",
                     TEXT_ARGS(text_head(verb, NAME_MAX_BYTES)));
}

const struct command client_command = {
    .name = "CLIENT",
    .args_min = 1,
    .args_max = 8,
    .role = ROLE_PRODUCT,
    .usage = "SETNAME|GETNAME|SETINFO|ID|REPLY ON ...",
    .summary = "Answer what client libraries ask; nothing is kept.",
    .run = client_run,
};

static enum status command_run(struct command_call *call, struct error *error)
{
    if (call->count > 0 && text_is_nocase(call->arguments[0], "COUNT")) {
        resp_write_integer(call->reply, (int64_t)server_commands_count);
        return LICET_OK;
    }
    if (call->count > 0 && text_is_nocase(call->arguments[0], "DOCS")) {
        resp_write_map(call->reply, (enum resp_protocol)call->connection->protocol, 0);
        return LICET_OK;
    }
    if (call->count > 0)
        return error_set(error, LICET_UNSUPPORTED,
                         "COMMAND takes COUNT or DOCS; HELP lists the commands");
    resp_write_array(call->reply, 0);
    return LICET_OK;
}

const struct command command_command = {
    .name = "COMMAND",
    .args_min = 0,
    .args_max = 8,
    .role = ROLE_PRODUCT,
    .usage = "[COUNT|DOCS]",
    .summary = "Answer redis-cli's first question; HELP says more.",
    .run = command_run,
};

static enum status config_run(struct command_call *call, struct error *error)
{
    if (call->count < 2 || !text_is_nocase(call->arguments[0], "GET"))
        return error_set(
            error, LICET_UNSUPPORTED,
            "CONFIG GET is answered, with nothing; licetd.conf configures this server");
    resp_write_map(call->reply, (enum resp_protocol)call->connection->protocol, 0);
    return LICET_OK;
}

const struct command config_command = {
    .name = "CONFIG",
    .args_min = 1,
    .args_max = 8,
    .role = ROLE_PRODUCT,
    .usage = "GET name ...",
    .summary = "Answer nothing; for redis-benchmark.",
    .run = config_run,
};
