/* Answers of a portal on a terminal: a table, a sentence, or all that is there. Nothing of an answer
 * steers the terminal. */
#ifndef LICET_CLI_PORTAL_SHOW_H
#define LICET_CLI_PORTAL_SHOW_H

#include <jansson.h>

/* `columns`: members, "seats.owned" for one of a member, with a blank between two. NULL: those of
 * the first row. */
void show_table(const char *columns, const json_t *rows, int indent);
/* `sentence` with {members}; {member?words}: the words and the member, or nothing where it is null.
 */
void show_sentence(const char *sentence, const json_t *answer);
/* A line for each member. */
void show_whole(json_t *answer);
void show_json(const json_t *answer);

#endif
