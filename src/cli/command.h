/* The commands of licet: one row each, from which dispatch, usage errors and `licet help` come. */
#ifndef LICET_CLI_COMMAND_H
#define LICET_CLI_COMMAND_H

#include "base/status.h"

struct command {
    const char *name; /* one or two words, as typed */
    const char *usage;
    const char *summary; /* for `licet help`: one line without full stop */
    /* argv[0] is the name's last word. What it finds out goes to standard output; a failure is said
     * once, by command_run(). */
    enum status (*run)(int argc, char **argv, struct error *error);
    /* In its place, for a command whose exit code is not ours alone: it says its failures itself.
     */
    int (*run_code)(int argc, char **argv);
};

/* Runs what argv says and returns the exit code of status.def. */
int command_run(int argc, char **argv);

/* For a command whose options make no sense: LICET_INVALID, with the usage line. */
enum status command_usage(const char *name, struct error *error);

enum status key_create_run(int argc, char **argv, struct error *error);
enum status key_certify_run(int argc, char **argv, struct error *error);
enum status key_revoke_run(int argc, char **argv, struct error *error);
enum status key_allowed_run(int argc, char **argv, struct error *error);
enum status file_format_run(int argc, char **argv, struct error *error);
enum status file_sign_run(int argc, char **argv, struct error *error);
enum status file_show_run(int argc, char **argv, struct error *error);
enum status file_verify_run(int argc, char **argv, struct error *error);

int run_run(int argc, char **argv);
enum status login_run(int argc, char **argv, struct error *error);
enum status status_run(int argc, char **argv, struct error *error);
enum status leases_run(int argc, char **argv, struct error *error);
enum status device_run(int argc, char **argv, struct error *error);
enum status denials_run(int argc, char **argv, struct error *error);
enum status forget_run(int argc, char **argv, struct error *error);
enum status end_run(int argc, char **argv, struct error *error);
enum status why_run(int argc, char **argv, struct error *error);
enum status install_run(int argc, char **argv, struct error *error);
enum status request_run(int argc, char **argv, struct error *error);
enum status receipt_run(int argc, char **argv, struct error *error);

#endif
