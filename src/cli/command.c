/* The table of commands, and the way from argv into it. */
#include "cli/command.h"

#include "base/text.h"
#include "cli/portal/act.h"

#define HELP_WORDS_BYTES 64 /* no name of a command is longer */

static const struct command commands[] = {
    {"key root", "-f FILE [-C COMMENT]",
     "make a vendor's root key: FILE and FILE.pub; keep FILE offline", key_create_run, NULL},
    {"key issuing", "-f FILE [-C COMMENT]", "make an issuing key, which signs license files",
     key_create_run, NULL},
    {"key server", "-f FILE [-C COMMENT]", "make the key of a license server by hand",
     key_create_run, NULL},
    {"key certify", "--root FILE --vendor NAME --from DATE --to DATE [--serial N] ISSUING.pub",
     "let the root vouch for an issuing key: writes ISSUING-cert.pub", key_certify_run, NULL},
    {"key revoke", "--root FILE --vendor NAME --from DATE [--previous LIST] -o FILE ISSUING.pub",
     "make the vendor's next list of revoked issuing keys", key_revoke_run, NULL},
    {"key allowed", "--vendor NAME ROOT.pub",
     "print the line by which ssh-keygen -Y verify trusts the root", key_allowed_run, NULL},
    {"device", "", "print the name of this machine, for the DEVICE line of a license file",
     device_run, NULL},
    {"file format", "FILE", "wrap the lines of a draft as a license file has them", file_format_run,
     NULL},
    {"file sign", "-k KEY [-c CERTIFICATE] [-o FILE] DRAFT",
     "sign a draft; the certificate is KEY-cert.pub", file_sign_run, NULL},
    {"file show", "[--root ROOT.pub] FILE", "show a license file as a table", file_show_run, NULL},
    {"file verify", "--root ROOT.pub [--vendor NAME] [--revocations LIST] FILE",
     "check a license file from the root to its last byte", file_verify_run, NULL},
    {"run", "FEATURE [--count N] [--release DATE] [--grace SECONDS] -- COMMAND [ARGUMENT ...]",
     "hold a seat while a command runs", NULL, run_run},
    {"login",
     "[--portal URL] [--first FILE | --invitation FILE] [--name NAME] [--role "
     "viewer|administrator] "
     "[--days N]",
     "sign in on the license server or a portal, and keep the token for later commands", login_run,
     NULL},
    {"status", "[--json]", "show what the license server serves, and how much of it is in use",
     status_run, NULL},
    {"leases", "[--feature FEATURE] [--vendor VENDOR]", "show who holds seats, and until when",
     leases_run, NULL},
    {"denials", "[--feature FEATURE] [--vendor VENDOR]",
     "show who was refused seats, why, and how often", denials_run, NULL},
    {"forget", "[--yes] NAME", "have the license server forget the name of a person or machine",
     forget_run, NULL},
    {"end", "HANDLE", "end a lease of anybody, by the number that licet leases shows", end_run,
     NULL},
    {"why", "[--count N] [--release DATE] FEATURE",
     "say whether a seat would be granted now, and if not, why", why_run, NULL},
    {"install", "[--yes | --confirm HASH] FILE",
     "preview a license file on the license server, and install it", install_run, NULL},
    {"request", "", "print what the license server asks of its vendor, signed", request_run, NULL},
    {"receipt", "", "print what the license server runs and has given back, signed", receipt_run,
     NULL},
};

#define COMMANDS_COUNT (sizeof(commands) / sizeof(commands[0]))

/* How many words of argv are this command's name; 0: another command is meant. */
static int command_match(const struct command *command, int argc, char **argv)
{
    struct text rest = text_of(command->name), word;
    int count = 0;

    while (text_split(&rest, ' ', &word)) {
        if (count + 1 >= argc || !text_is(word, argv[count + 1]))
            return 0;
        count++;
    }
    return count;
}

static void command_print(FILE *to, const struct command *command)
{
    fprintf(to, "  licet %s%s%s\n      %s\n", command->name, command->usage[0] == '\0' ? "" : " ",
            command->usage, command->summary);
}

static void command_help(FILE *to)
{
    fprintf(to, "usage: licet COMMAND ...\n\n");
    for (size_t index = 0; index < COMMANDS_COUNT; index++)
        command_print(to, &commands[index]);
    fprintf(to,
            "\nActs at a vendor's portal; licet help WORD says more of those that begin with it, "
            "licet help portal of all:\n");
    act_help_names(to);
    fprintf(to, "\nlicet(1) says more. FILE may be - for standard input.\n");
}

enum status command_usage(const char *name, struct error *error)
{
    for (size_t index = 0; index < COMMANDS_COUNT; index++) {
        struct text last = text_of(commands[index].name);
        size_t blank = text_find(last, ' ');

        if (blank < last.size)
            last = text_skip(last, blank + 1);
        if (text_is(last, name))
            return error_set(error, LICET_INVALID, "usage: licet %s%s%s", commands[index].name,
                             commands[index].usage[0] == '\0' ? "" : " ", commands[index].usage);
    }
    return error_set(error, LICET_INVALID, "licet help shows the commands");
}

/* A first word that is a command's, as `key` or `file`, is answered by what may follow. */
static void command_unknown(const char *word)
{
    bool is_known = false;

    for (size_t index = 0; index < COMMANDS_COUNT; index++) {
        struct text name = text_of(commands[index].name);

        if (!text_is(text_head(name, text_find(name, ' ')), word))
            continue;
        fprintf(stderr, "%s licet %s %s\n", is_known ? "      " : "usage:", commands[index].name,
                commands[index].usage);
        is_known = true;
    }
    if (!is_known)
        is_known = act_help(stderr, text_of(word));
    if (!is_known)
        fprintf(stderr, "licet: there is no command \"%.80s\"; licet help lists them\n", word);
}

/* licet help WORD ...: the commands whose name begins with it. */
static int command_help_of(char **words, int count)
{
    char place[HELP_WORDS_BYTES];
    struct buf buf = buf_over(place, sizeof(place));
    bool is_known = false;

    for (int index = 0; index < count; index++)
        buf_printf(&buf, "%s%s", index == 0 ? "" : " ", words[index]);
    for (size_t index = 0; !buf.is_full && index < COMMANDS_COUNT; index++) {
        if (!act_begins(commands[index].name, buf_text(&buf)))
            continue;
        command_print(stdout, &commands[index]);
        is_known = true;
    }
    if (!buf.is_full && act_help(stdout, buf_text(&buf)))
        is_known = true;
    if (is_known)
        return 0;
    fprintf(stderr, "licet: there is no command \"%.80s\"; licet help lists them\n", words[0]);
    return status_exit_code(LICET_INVALID);
}

static int command_end(enum status status, struct error *error)
{
    if (status == LICET_OK && fflush(stdout) != 0)
        status = error_set(error, LICET_SYSTEM, "standard output could not be written");
    if (status != LICET_OK)
        fprintf(stderr, "licet: %s\n", error_text(error, status));
    return status_exit_code(status);
}

/* licet help, licet help WORD ..., licet --version; false: it is none of them. */
static bool command_tell(int argc, char **argv, int *ret_code)
{
    bool is_help = argc > 1 && (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0);

    *ret_code = 0;
    if (argc == 2 && is_help)
        command_help(stdout);
    else if (argc == 2 && strcmp(argv[1], "--version") == 0)
        puts("licet " LICET_VERSION);
    else if (argc == 3 && is_help && strcmp(argv[2], "operations") == 0)
        act_print_operations(stdout);
    else if (is_help)
        *ret_code = command_help_of(argv + 2, argc - 2);
    else
        return false;
    return true;
}

int command_run(int argc, char **argv)
{
    struct error error = {.status = LICET_OK};
    const struct act *act;
    int words, code;

    for (size_t index = 0; index < COMMANDS_COUNT; index++) {
        words = command_match(&commands[index], argc, argv);
        if (words == 0)
            continue;
        if (commands[index].run_code != NULL)
            return commands[index].run_code(argc - words, argv + words);
        return command_end(commands[index].run(argc - words, argv + words, &error), &error);
    }
    act = act_find(argc, argv, &words);
    if (act != NULL)
        return command_end(act->run(act, argc - words, argv + words, &error), &error);
    if (command_tell(argc, argv, &code))
        return code;
    if (argc < 2)
        command_help(stderr);
    else
        command_unknown(argv[1]);
    return status_exit_code(LICET_INVALID);
}
