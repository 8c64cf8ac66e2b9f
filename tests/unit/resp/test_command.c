/* Rows of commands: found by name, arguments counted. */
#include "resp/command.h"

#include "tap.h"

static const struct command ping = {.name = "PING", .args_max = 1, .usage = "[text]"};
static const struct command quit = {.name = "QUIT", .usage = ""};
static const struct command renew = {
    .name = "RENEW", .args_min = 1, .args_max = 5, .usage = "id [NONCE x PROOF raw|text]"};
static const struct command *const rows[] = {&ping, &quit, &renew};

int main(void)
{
    struct error error;

    ok(command_find(rows, 3, TEXT("PING")) == &ping &&
           command_find(rows, 3, TEXT("renew")) == &renew &&
           command_find(rows, 3, TEXT("qUiT")) == &quit,
       "a command is found in any case");
    ok(command_find(rows, 3, TEXT("PIN")) == NULL && command_find(rows, 3, TEXT("PINGS")) == NULL &&
           command_find(rows, 3, TEXT("")) == NULL && command_find(rows, 3, TEXT("0ING")) == NULL,
       "what is none is not found");
    ok(command_check(&ping, 0, &error) == LICET_OK && command_check(&renew, 5, &error) == LICET_OK,
       "both ends of a range of arguments belong to it");
    ok(command_check(&renew, 0, &error) == LICET_INVALID &&
           command_check(&renew, 6, &error) == LICET_INVALID,
       "fewer or more are refused");
    tap_is(error.text, "wrong number of arguments, use: RENEW id [NONCE x PROOF raw|text]",
           "the sentence shows the usage");
    command_check(&quit, 1, &error);
    tap_is(error.text, "wrong number of arguments, use: QUIT", "without a blank at its end");
    return tap_done();
}
