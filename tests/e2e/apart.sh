#!/bin/sh
# Runs COMMAND... in an IPC and mount namespace of its own with an empty /dev/shm, so that its JACK server has the machine's 8
# places to itself; in the common one where this user may not unshare. `apart.sh --can` tells by its exit code which.
own='mount -t tmpfs tmpfs /dev/shm'
if unshare --ipc --mount true 2>/dev/null; then
  propagation=private
else
  # In a chroot / is no mount whose propagation could be changed, /dev/shm mostly is one.
  propagation=unchanged own="mountpoint -q /dev/shm && mount --make-rprivate /dev/shm && $own"
fi
can() { unshare --ipc --mount --propagation "$propagation" sh -c "$own" 2>/dev/null; }
if [ "$1" = --can ]; then
  can
elif can; then
  exec unshare --ipc --mount --propagation "$propagation" sh -c "$own"' && exec "$@"' sh "$@"
else
  exec "$@"
fi
