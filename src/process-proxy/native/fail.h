#ifndef FAIL_H
#define FAIL_H

/* Writes "process-proxy: " and the message to stderr, and exits with the code 1. */
_Noreturn void fail(const char *format, ...);

#endif
