#!/bin/sh
# Runs COMMAND... in an IPC and mount namespace of its own with an empty /dev/shm, so that its JACK server has the machine's 8
# places to itself; in the common one where this user may not unshare.
if unshare --ipc --mount true 2>/dev/null; then
  exec unshare --ipc --mount sh -c 'mount -t tmpfs tmpfs /dev/shm && exec "$@"' sh "$@"
fi
exec "$@"
