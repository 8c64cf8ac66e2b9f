/* The signature check against other people's vectors. All of it goes through libsodium, as
 * sshsig_check() does: what is held here is that the library of this system is the strict one that
 * our rules count on. */
#include <jansson.h>

#include "base/parse.h"
#include "files.h"

#include "tap.h"

static size_t bytes_of(const char *hex, uint8_t *bytes, size_t capacity)
{
    size_t size = strlen(hex) / 2;

    if (size > capacity || parse_hex(text_of(hex), bytes, size, NULL) != LICET_OK)
        abort();
    return size;
}

static json_t *load(const char *name)
{
    char path[4096];
    json_t *root;

    snprintf(path, sizeof(path), "%s/%s", data_folder, name);
    root = json_load_file(path, 0, NULL);
    if (root == NULL) {
        printf("Bail out! %s is missing\n", path);
        exit(1);
    }
    return root;
}

static const char *string_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static bool verifies(const char *key_hex, const char *message_hex, const char *signature_hex)
{
    static uint8_t key[64], message[4096], signature[256];
    size_t key_size = bytes_of(key_hex, key, sizeof(key));
    size_t message_size = bytes_of(message_hex, message, sizeof(message));
    size_t signature_size = bytes_of(signature_hex, signature, sizeof(signature));

    return key_size == KEY_BYTES && signature_size == SIGNATURE_BYTES &&
           crypto_sign_verify_detached(signature, message, message_size, key) == 0;
}

static void test_wycheproof(void)
{
    json_t *root = load("wycheproof/ed25519_test.json");
    size_t right = 0, total = 0, group_index, test_index;
    json_t *group, *test;

    json_array_foreach(json_object_get(root, "testGroups"), group_index, group)
    {
        const char *key = string_of(json_object_get(group, "publicKey"), "pk");

        json_array_foreach(json_object_get(group, "tests"), test_index, test)
        {
            bool is_valid = strcmp(string_of(test, "result"), "valid") == 0;

            total++;
            right +=
                verifies(key, string_of(test, "msg"), string_of(test, "sig")) == is_valid ? 1 : 0;
        }
    }
    ok(right == total && total >= 150, "Wycheproof: %zu of %zu signatures judged right", right,
       total);
    json_decref(root);
}

static void test_speccheck(void)
{
    json_t *root = load("ed25519-speccheck/cases.json"), *test;
    size_t index;

    json_array_foreach(root, index, test)
    {
        bool is_accepted = verifies(string_of(test, "pub_key"), string_of(test, "message"),
                                    string_of(test, "signature"));

        ok(is_accepted == (index == 3), "speccheck case %zu is %s", index,
           index == 3 ? "accepted, as in the strictest libraries" : "refused");
    }
    json_decref(root);
}

int main(int argc, char **argv)
{
    assert(argc == 2);
    data_folder = argv[1];
    test_wycheproof();
    test_speccheck();
    return tap_done();
}
