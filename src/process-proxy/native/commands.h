#ifndef COMMANDS_H
#define COMMANDS_H

/* Reads commands from the link and carries them out, until one of them ends the process. */
_Noreturn void serve_commands(void);

#endif
