/* Connects to the server that the environment names, and carries out its commands. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "fail.h"
#include "link.h"
#include "platform.h"
#include "protocol.h"

static uint16_t read_port(void) {
  const char *text = platform_variable(PORT_VARIABLE);
  if (!text || !*text) {
    fail(PORT_VARIABLE " is not set. Start this program with the variables of a ProcessProxyServer (server.env).");
  }
  unsigned long port = 0;
  for (const char *at = text; *at; at++) {
    port = *at >= '0' && *at <= '9' && port <= UINT16_MAX ? port * 10 + (unsigned long)(*at - '0') : UINT32_MAX;
  }
  if (port == 0 || port > UINT16_MAX) {
    fail(PORT_VARIABLE " must be a port from 1 to 65535, but got '%s'. Take it from server.env.", text);
  }
  return (uint16_t)port;
}

static const char *read_token(void) {
  const char *token = platform_variable(TOKEN_VARIABLE);
  if (!token) return "";
  size_t size = strlen(token);
  if (size > TOKEN_SIZE) {
    fail(TOKEN_VARIABLE " must have at most %d bytes, but got %zu. Take it from server.env.", TOKEN_SIZE, size);
  }
  return token;
}

/* The variable names the port of the server that set it: another server below it may have replaced only the other variables. */
static bool read_session(uint16_t port) {
  char expected[16];
  const char *text = platform_variable(SESSION_VARIABLE);
  snprintf(expected, sizeof expected, "1:%u", port);
  return text && strcmp(text, expected) == 0;
}

int native_main(int count, native_char **values) {
  if (!platform_start(count, values)) fail("cannot start: %s", platform_error());
  uint16_t port = read_port();
  link_open(port, read_token(), read_session(port));
  serve_commands();
}
