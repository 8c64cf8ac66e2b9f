/* One write(2) a line, so that lines of several threads never mix. */
#include "base/log.h"

#include <stdarg.h>
#include <unistd.h>

#include "base/clock.h"

__attribute__((format(printf, 3, 0))) static void log_line(const char *level, const char *event,
                                                           const char *format, va_list arguments)
{
    char line[LOG_LINE_MAX];
    struct buf buf = buf_over(line, sizeof(line) - 1); /* a byte for the newline */
    size_t room, start;
    int size;

    unix_time_print(clock_unix(), &buf);
    buf_printf(&buf, " %s %s ", level, event);
    start = buf.size;
    room = buf.capacity - buf.size;
    size = vsnprintf(buf.data + start, room, format, arguments);
    if (size < 0)
        return;
    buf.size += (size_t)size < room ? (size_t)size : room - 1; /* a long line is cut */
    for (size_t index = start; index < buf.size; index++) {
        if ((unsigned char)line[index] < 0x20 || line[index] == 0x7f)
            line[index] = '?';
    }
    line[buf.size++] = '\n';
    if (write(STDERR_FILENO, line, buf.size) < 0)
        return; /* nowhere is left to say so */
}

void log_info(const char *event, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_line("info", event, format, arguments);
    va_end(arguments);
}

void log_warning(const char *event, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_line("warning", event, format, arguments);
    va_end(arguments);
}

void log_error(const char *event, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_line("error", event, format, arguments);
    va_end(arguments);
}
