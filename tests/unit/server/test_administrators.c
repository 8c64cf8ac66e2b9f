/* Administrators, tokens, and the first of them. */
#include "server/administrators.h"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tap.h"

static char folder[] = "/tmp/licet-test-administrators-XXXXXX";
static char path[128], first_path[128];

/* Into the caller's place, which the text then borrows. */
static struct text read_first_token(char place[TOKEN_TEXT_BYTES + 1])
{
    struct text file = {NULL, 0};
    struct buf buf = buf_over(place, TOKEN_TEXT_BYTES + 1);

    file_read(first_path, 1000, &file, NULL);
    buf_add_text(&buf, text_head(file, text_find(file, '\n')));
    file_free(file);
    return buf_text(&buf);
}

static bool file_has(struct text needle)
{
    struct text file = {"", 0};
    bool is_found = false;

    file_read(path, 1 << 20, &file, NULL);
    for (size_t index = 0; index + needle.size <= file.size; index++)
        is_found = is_found || memcmp(file.data + index, needle.data, needle.size) == 0;
    file_free(file);
    return is_found;
}

static void test_first(struct administrators **administrators)
{
    char token_place[TOKEN_TEXT_BYTES + 1], again_place[TOKEN_TEXT_BYTES + 1];
    struct text token, again;
    char hash[PASSWORD_HASH_BYTES];
    struct stat stat_now;

    ok(administrators_open(folder, administrators, NULL) == LICET_OK &&
           administrators_is_empty(*administrators),
       "R10.6 there is no built-in account");
    ok(stat(first_path, &stat_now) == 0 && (stat_now.st_mode & 0777) == 0600,
       "R10.6 the one-time token is its owner's alone");
    token = read_first_token(token_place);
    ok(token.size == TOKEN_TEXT_BYTES && administrators_is_first_token(*administrators, token),
       "and is known");
    ok(!administrators_is_first_token(*administrators, text_head(token, token.size - 1)) &&
           !administrators_is_first_token(*administrators, TEXT("")),
       "a part of it is not");
    administrators_close(*administrators);
    ok(administrators_open(folder, administrators, NULL) == LICET_OK,
       "a restart before it is used");
    again = read_first_token(again_place);
    ok(text_equal(token, again) && administrators_is_first_token(*administrators, again),
       "keeps the token");
    ok(password_hash(TEXT("elevenbytes"), hash, NULL) == LICET_INVALID,
       "a password of 11 bytes is too short");
    ok(password_hash(TEXT("twelve bytes"), hash, NULL) == LICET_OK, "one of 12 is not");
    ok(administrators_add(*administrators, TEXT("an na"), hash, NULL) == LICET_INVALID,
       "a name has no blanks");
    ok(administrators_add(*administrators, TEXT("anna"), hash, NULL) == LICET_OK,
       "the first administrator is made");
    ok(access(first_path, F_OK) != 0 && !administrators_is_first_token(*administrators, token),
       "R10.6 and the one-time token is used up");
    ok(administrators_add(*administrators, TEXT("anna"), hash, NULL) == LICET_CONFLICT,
       "a name is taken once");
}

static void test_tokens(struct administrators **administrators)
{
    const struct unix_time now = {1795511553}, end = {1795511553 + 60};
    char viewer[TOKEN_TEXT_BYTES + 1], administrator[TOKEN_TEXT_BYTES + 1];
    enum http_role role;

    ok(administrators_add_token(*administrators, TEXT("anna"), HTTP_ROLE_VIEWER, end, now, viewer,
                                NULL) == LICET_OK &&
           administrators_add_token(*administrators, TEXT("anna"), HTTP_ROLE_ADMINISTRATOR, end,
                                    now, administrator, NULL) == LICET_OK,
       "two tokens are given");
    ok(strcmp(viewer, administrator) != 0 && strlen(viewer) == TOKEN_TEXT_BYTES, "each is new");
    ok(!file_has(text_of(viewer)) && !file_has(text_skip(text_of(viewer), 6)),
       "the file holds no token in clear");
    administrators_close(*administrators);
    ok(administrators_open(folder, administrators, NULL) == LICET_OK &&
           access(first_path, F_OK) != 0,
       "after a restart no new one-time token appears");
    ok(administrators_identify(*administrators, text_of(viewer), now, &role, NULL) == LICET_OK &&
           role == HTTP_ROLE_VIEWER,
       "a token keeps its role");
    ok(administrators_identify(*administrators, text_of(administrator),
                               (struct unix_time){end.s - 1}, &role, NULL) == LICET_OK &&
           role == HTTP_ROLE_ADMINISTRATOR,
       "until its last second");
    ok(administrators_identify(*administrators, text_of(administrator), end, &role, NULL) ==
           LICET_UNAUTHENTICATED,
       "and not at its end");
    ok(strcmp(administrators_name(*administrators, text_of(viewer)), "anna") == 0,
       "a token says who signed in for it");
    viewer[10] = viewer[10] == 'x' ? 'y' : 'x';
    ok(administrators_identify(*administrators, text_of(viewer), now, &role, NULL) ==
           LICET_UNAUTHENTICATED,
       "a changed token is nobody's");
    ok(administrators_name(*administrators, text_of(viewer))[0] == '\0', "it has no name either");
    ok(administrators_identify(*administrators, TEXT(""), now, &role, NULL) ==
           LICET_UNAUTHENTICATED,
       "nor is an empty one");
}

static void test_passwords(struct administrators *administrators)
{
    ok(password_is_right(administrators_password(administrators, TEXT("anna")),
                         TEXT("twelve bytes")),
       "the password fits");
    ok(!password_is_right(administrators_password(administrators, TEXT("anna")),
                          TEXT("twelve byte")),
       "another does not");
    ok(administrators_password(administrators, TEXT("bert")) == NULL &&
           !password_is_right(NULL, TEXT("twelve bytes")),
       "an unknown name has no password that fits");
}

static void test_damage(struct administrators *administrators)
{
    struct error error = {0};
    struct administrators *other;

    administrators_close(administrators);
    file_replace(path, TEXT("administrator anna\n"), 0600, NULL);
    ok(administrators_open(folder, &other, &error) == LICET_DAMAGED &&
           strstr(error.text, "line 1") != NULL,
       "a file that licetd did not write is refused with its line");
}

int main(void)
{
    struct administrators *administrators;

    if (sodium_init() < 0 || mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof(path), "%s/administrators", folder);
    snprintf(first_path, sizeof(first_path), "%s/first-token", folder);
    test_first(&administrators);
    test_tokens(&administrators);
    test_passwords(administrators);
    test_damage(administrators);
    unlink(path);
    rmdir(folder);
    return tap_done();
}
