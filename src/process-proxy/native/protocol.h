/* The values of the wire. docs/process-proxy.md describes them, and a test compares them with protocol.ts. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

enum command {
  COMMAND_GET_ARGS = 0x01,
  COMMAND_READ_STDIN = 0x02,
  COMMAND_WRITE_STDOUT = 0x03,
  COMMAND_WRITE_STDERR = 0x04,
  COMMAND_GET_CWD = 0x05,
  COMMAND_GET_ENV = 0x06,
  COMMAND_EXIT = 0x07,
  COMMAND_CLOSE_STDIN = 0x09,
  COMMAND_CLOSE_STDOUT = 0x0A,
  COMMAND_CLOSE_STDERR = 0x0B,
  COMMAND_IS_STDIN_CONNECTED = 0x0C,
  COMMAND_AWAIT_STDIN = 0x0D, /* Only in a session. Answered by MESSAGE_STDIN, in any order with the responses. */
};

/* The first byte of each message to the server in a session. A plain connection carries only responses, without this byte. */
enum message {
  MESSAGE_RESPONSE = 0x00,
  MESSAGE_STDIN = 0x01,
};

enum frame {
  FRAME_DATA = 0x00,
  FRAME_ACK = 0x01,
  FRAME_CLOSE = 0x02,
};

enum welcome {
  WELCOME_ACCEPTED = 0x00,
  WELCOME_REFUSED = 0x01,
  WELCOME_WAIT = 0x02, /* The token is still being validated. Another byte follows. */
};

#define PORT_VARIABLE "PROCESS_PROXY_PORT"
#define TOKEN_VARIABLE "PROCESS_PROXY_TOKEN"
#define SESSION_VARIABLE "PROCESS_PROXY_SESSION"
#define PLAIN_MAGIC "ProcessProxy 0002 "
#define SESSION_MAGIC "ProcessProxy 0003 "
#define TOKEN_SIZE 128
#define SESSION_ID_SIZE 16
#define WINDOW 262144    /* How many bytes of one direction of a session may be on their way, not yet consumed. */
#define FRAME_SIZE 65536 /* The most bytes that one FRAME_DATA holds. */

#endif
