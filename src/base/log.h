/*
 * Log lines of programs: UTC time, level, event name, key=value; one line a decision, on standard
 * error. Never a key, a code, a lease id or a password. Library and pure code do not log.
 */
#ifndef LICET_BASE_LOG_H
#define LICET_BASE_LOG_H

#include "base/status.h"

/* Values are printed as given: quote what may hold blanks with "\"%s\"". Control bytes become '?'.
 */
void log_info(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_warning(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_error(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
