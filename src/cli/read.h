/* Keys and license files from disk, for the commands. */
#ifndef LICET_CLI_READ_H
#define LICET_CLI_READ_H

#include "license/license.h"

enum status cli_read_secret_key(const char *path, struct secret_key *ret_key, struct error *error);
enum status cli_read_public_key(const char *path, struct public_key *ret_key, struct error *error);
/* The certificate's blob is put into the arena. */
enum status cli_read_certificate(const char *path, struct arena *arena,
                                 struct certificate *ret_certificate, struct error *error);
/* One more root. */
enum status cli_add_root(const char *path, struct trust *trust, struct error *error);

/* A license file and the memory that it is read into; both are freed by cli_text_finish(). */
struct cli_text {
    struct text file;
    struct arena arena;
};
enum status cli_text_read(const char *path, struct cli_text *ret_text, struct error *error);
void cli_text_finish(struct cli_text *text);

/* What no licetd of this version would serve, on standard error, a line each: often a misspelt
 * word, which the format has to take for one of a later version. */
void cli_note_unserved(const struct license *license);

#endif
