#!/bin/sh
# Fuzzes the executable's command reader, with its assertions, for 60 seconds or as many as the argument says. It needs clang with
# its runtime libraries.
set -eu
source=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o "$folder/fuzz" "$source/command-reader.c"
mkdir "$folder/corpus"
# All commands on a plain connection, then a welcome and the same in a session.
commands='\001\005\006\014\002\144\000\000\000\003\005\000\000\000hello\011\012\013\007\003\000\000\000'
printf "\\000\\046$commands" > "$folder/corpus/plain"
printf "\\001\\015\\000\\000\\000\\000\\000\\000\\000\\000\\000\\210\\023\\000\\000\\060\\000\\053\\000\\000\\000\\015\\000\\001\\000\\000$commands" > "$folder/corpus/session"
"$folder/fuzz" -max_total_time="${1:-60}" -max_len=20000 -close_fd_mask=2 "$folder/corpus"
