# Prepares the namespaces of a hand-in, and becomes the program in them. `$1` is the user to become, or nothing; then
# come folders to be shown as /mnt/1, /mnt/2 and so on (with `rw:` before those that can be written), `--`, folders to
# be hidden, `--`, and the command.
set -e
umask 022
ip link set lo up 2> /dev/null || true
mount -t tmpfs -o size=1g,mode=755 none /mnt
user=$1; shift
count=0
writable=
while [ "$1" != -- ]; do
    count=$((count + 1))
    mkdir "/mnt/$count"
    case $1 in rw:*) writable="$writable /mnt/$count" ;; esac
    mount --bind "${1#rw:}" "/mnt/$count"
    shift
done
shift
mount -t tmpfs -o size=2g,mode=1777 none /tmp
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mount -t tmpfs -o size=4k,mode=755 none "$1"; fi
    shift
done
shift
awk '{ options = "remount,bind,ro"; split($4, all, ",")
    for (i in all) if (all[i] ~ /^(nosuid|nodev|noexec|noatime|nodiratime|relatime)$/) options = options "," all[i]
    print options, $2 }' /proc/self/mounts | while read -r options place; do
    case " $writable /tmp /proc " in *" $place "*) continue ;; esac
    mount -o "$options" "$(printf '%b' "$place")" 2> /dev/null || true
done
if touch /mnt/probe 2> /dev/null; then echo 'the file system cannot be made read-only' >&2; exit 99; fi
ulimit -u 8192 2> /dev/null || true
ulimit -f 4194304
cd /tmp
if [ -z "$user" ]; then exec "$@"; fi
exec setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs -- "$@"
