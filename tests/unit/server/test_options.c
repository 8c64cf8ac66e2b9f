/* licetd.conf and the command line. */
#include "server/options.h"

#include <unistd.h>

#include "base/file.h"
#include "tap.h"

static const char key_line[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExTUBZlgLodApU005SpMjfL8KpswhTB2thM9dFTD3JG acme\n";
static char folder[] = "/tmp/licet-test-options-XXXXXX";
static char config[128], root[128], root_flag[160];
static struct options options;
static struct error error;

static enum status read_arguments(const char *const *arguments)
{
    int count = 0;

    while (arguments[count] != NULL)
        count++;
    memset(&error, 0, sizeof(error));
    optind = 0;
    return options_read(count, (char **)(uintptr_t)arguments, &options, &error);
}

static enum status read_config(const char *text)
{
    file_replace(config, text_of(text), 0600, NULL);
    return read_arguments((const char *[]){"licetd", "--config", config, NULL});
}

static bool is_refused_with(const char *text, const char *words)
{
    return read_config(text) == LICET_INVALID && strstr(error.text, words) != NULL;
}

static void test_command_line(void)
{
    ok(read_arguments((const char *[]){"licetd", "--state", folder, "--root", root_flag, NULL}) ==
           LICET_OK,
       "a state and a root are enough");
    ok(options.listens_count == 1 && address_is_loopback(&options.listens[0]) &&
           address_port(&options.listens[0]) == 7380,
       "R10.4 it listens on loopback until it is told otherwise");
    ok(options.vendors_count == 1 && strcmp(options.vendors[0].name, "acme") == 0 &&
           options.vendors[0].roots_count == 1,
       "R3.5 a vendor is trusted by its root");
    ok(read_arguments((const char *[]){"licetd", "--root", root_flag, NULL}) == LICET_INVALID &&
           strstr(error.text, "--state") != NULL,
       "without a state it says what is missing");
    ok(read_arguments((const char *[]){"licetd", "--state", folder, NULL}) == LICET_INVALID &&
           strstr(error.text, "--root") != NULL,
       "R3.5 without a root, too: no file can say whom to trust");
    ok(read_arguments((const char *[]){"licetd", "--state", folder, "--root", root_flag, "more",
                                       NULL}) == LICET_INVALID,
       "a word that is no option is refused");
}

static void test_config(void)
{
    char text[1024];

    snprintf(
        text, sizeof(text),
        "[licetd]\nstate = %s\nlisten = 127.0.0.1:0\nlisten = [::1]:7381\nallow = 10.0.0.0/8\nname "
        "= lic1\n"
        "leases-of-source = 5\n[vendor acme]\nroot = %s\nroot = %s\n[vendor zeta]\nroot = %s\n",
        folder, root, root, root);
    ok(read_config(text) == LICET_OK, "a configuration is read (%s)", error.text);
    ok(options.listens_count == 2 && options.allows_count == 1 &&
           options.leases_of_source_max == 5 && strcmp(options.name, "lic1") == 0,
       "with its values");
    ok(options.vendors_count == 2 && options_vendor(&options, TEXT("acme"))->roots_count == 2 &&
           options_vendor(&options, TEXT("zeta"))->roots_count == 1 &&
           options_vendor(&options, TEXT("none")) == NULL,
       "R3.5 several roots of a vendor, and several vendors");
    ok(is_refused_with("[licetd]\nstate = /x\nportt = 3\n", "line 3: there is no option \"portt\""),
       "a misspelt option is named with its line");
    ok(!options.has_nameless_denials,
       "R10.8 denials are noted with names unless it is told otherwise");
    ok(is_refused_with("[licetd]\ndenials = some\n", "\"counts\" (only how often)"),
       "R10.8 or it is told nonsense");
    ok(is_refused_with("[licetd]\nlisten = lic1.example:1\n", "line 2:"), "a wrong value, too");
    ok(is_refused_with("[licetd]\nportt = 3\nstate = /x\n[vendor acme]\n",
                       "line 2: there is no option \"portt\""),
       "good lines after it do not hide what was wrong");
    ok(is_refused_with("[licetd]\nportt = 3\nwhat is this\n",
                       "line 2: there is no option \"portt\""),
       "nor do bad ones");
    ok(is_refused_with("[licetd]\nwhat is this\nportt = 3\n", "line 2: neither a section"),
       "and a line that is nothing is not given the words of a later one");
    ok(is_refused_with("[vendor 1x]\nroot = /x\n", "not a vendor's name"),
       "R1.1 a vendor's name is an identifier");
    ok(is_refused_with("[other]\na = b\n", "[licetd] and [vendor NAME]"),
       "a section that is unknown");
    ok(is_refused_with("[licetd]\nwhat is this\n", "line 2"), "a line that is nothing");
    ok(read_arguments((const char *[]){"licetd", "--config", "/nowhere/licetd.conf", NULL}) ==
               LICET_NOT_FOUND &&
           strstr(error.text, "No such file") != NULL,
       "a file that is not there");
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(config, sizeof(config), "%s/licetd.conf", folder);
    snprintf(root, sizeof(root), "%s/root.pub", folder);
    snprintf(root_flag, sizeof(root_flag), "acme=%s", root);
    file_create(root, TEXT(key_line), 0600, NULL);
    test_command_line();
    test_config();
    unlink(config);
    unlink(root);
    rmdir(folder);
    return tap_done();
}
