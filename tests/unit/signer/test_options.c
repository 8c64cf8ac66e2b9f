/* licet-signer's configuration and command line. */
#include "signer/options.h"

#include <unistd.h>

#include "base/file.h"

#include "tap.h"

static char folder[] = "/tmp/licet-test-signer-options-XXXXXX";
static char config[128];
static struct signer_options options;
static struct error error;

static enum status read_arguments(const char *const *arguments)
{
    int count = 0;

    while (arguments[count] != NULL)
        count++;
    memset(&error, 0, sizeof(error));
    optind = 0;
    return signer_options_read(count, (char **)(uintptr_t)arguments, &options, &error);
}

static enum status read_config(const char *text)
{
    if (file_replace(config, text_of(text), 0600, NULL) != LICET_OK)
        abort();
    return read_arguments((const char *[]){"licet-signer", "--config", config, NULL});
}

static bool is_refused_with(const char *text, const char *words)
{
    return read_config(text) == LICET_INVALID && strstr(error.text, words) != NULL;
}

static void test_defaults(void)
{
    ok(read_arguments((const char *[]){"licet-signer", "--state", "/x", NULL}) == LICET_OK &&
           strcmp(options.key, "/x/issuing") == 0 &&
           strcmp(options.certificates[0], "/x/issuing-cert.pub") == 0 &&
           strcmp(options.socket, "/x/socket") == 0 && options.act == SIGNER_SERVE,
       "a state is enough: key, certificate and socket lie in it");
    ok(!options.has_client && !options.caps.allows_unlimited && options.caps.releases_an_hour == 10,
       "R9.4 nobody else may ask, and the caps are on");
    ok(read_arguments((const char *[]){"licet-signer", "init", "--state", "/x", NULL}) ==
               LICET_OK &&
           options.act == SIGNER_INIT,
       "a verb comes first");
    ok(read_arguments((const char *[]){"licet-signer", NULL}) == LICET_INVALID &&
           strstr(error.text, "--state") != NULL,
       "without a state it says what is missing");
    ok(read_arguments((const char *[]){"licet-signer", "--state", "/x", "sign", NULL}) ==
           LICET_INVALID,
       "a word that is no option is refused");
}

static void test_config(void)
{
    ok(read_config("[signer]\nstate = /x\nkey = /k\ncertificate = /a\ncertificate = /b\n"
                   "client = 54321\nseats-a-line = 5\nunlimited = yes\n") == LICET_OK &&
           options.certificates_count == 2 && strcmp(options.certificates[1], "/b") == 0 &&
           options.has_client && options.client == 54321 && options.caps.seats_a_line == 5 &&
           options.caps.allows_unlimited,
       "every key of the configuration is read");
    ok(is_refused_with("[signer]\nstate = /x\nclient = no-such-user\n", "line 3"),
       "a user that is not there is refused, by line");
    ok(is_refused_with("[licetd]\nstate = /x\n", "[signer]"), "another section is refused");
    ok(is_refused_with("[signer]\nseats-a-line = 5k\n", "line 2"), "a number with a letter, too");
    ok(is_refused_with("[signer]\nstate = /x\nsigns-everything = yes\n", "signs-everything"),
       "and an option that there is not");
    ok(is_refused_with("[signer]\nstate = /x\nunlimited = maybe\n", "yes or no"),
       "yes and no are words");
}

static void test_limits(void)
{
    char text[2048];
    struct buf buf = buf_over(text, sizeof(text) - 1);

    buf_add_string(&buf, "[signer]\nstate = /x\n");
    for (unsigned index = 0; index <= SIGNER_CERTIFICATES_MAX; index++)
        buf_add_string(&buf, "certificate = /a\n");
    text[buf.size] = '\0';
    ok(is_refused_with(text, "certificates"), "a ninth certificate is refused");
    buf.size = 0;
    buf_add_string(&buf, "[signer]\nstate = /");
    for (unsigned index = 0; index < 120; index++)
        buf_add_byte(&buf, 'x');
    buf_add_byte(&buf, '\n');
    text[buf.size] = '\0';
    ok(is_refused_with(text, "socket"), "a path that fits no socket is refused");
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(config, sizeof(config), "%s/signer.conf", folder);
    test_defaults();
    test_config();
    test_limits();
    unlink(config);
    rmdir(folder);
    return tap_done();
}
