# Prepares the namespaces of a hand-in, and becomes the program in them. `$1` is the most processes that one user may
# have, and `$2` is the user to become, or nothing. Then come folders to be shown as /mnt/1, /mnt/2 and so on (with
# `rw:` before those that can be written), `--`, folders to be hidden, `--`, and the command.
set -e
umask 022
ip link set lo up 2> /dev/null || true
mount() { command mount -n "$@"; } # its table is below /run
mount -t tmpfs -o size=1g,mode=755 none /mnt
most=$1 user=$2; shift 2
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
# Of the rest only programs are shown: sockets of services, homes and other disks are not, but for what PATH names.
mkdir /mnt/new
for top in /* /.[!.]*; do
    case $top in
        /bin | /dev | /etc | /gnu | /lib* | /mnt | /nix | /opt | /proc | /sbin | /sys | /tmp | /usr) continue ;;
    esac
    if [ -L "$top" ] || [ ! -d "$top" ]; then continue; fi
    mount -t tmpfs -o size=64k,mode=755 none /mnt/new
    (IFS=:; for folder in $PATH; do
        case $folder in "$top"/*) ;; *) continue ;; esac
        if [ ! -d "$folder" ]; then continue; fi
        mkdir -p "/mnt/new${folder#"$top"}" && mount --rbind "$folder" "/mnt/new${folder#"$top"}"
    done)
    mount --move /mnt/new "$top"
done
# The terminals of others are no devices of a hand-in.
mount -t tmpfs -o size=64k,mode=755 none /mnt/new
for device in null zero full random urandom; do
    : > "/mnt/new/$device"
    mount --bind "/dev/$device" "/mnt/new/$device"
done
for link in fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do ln -s "/proc/self/${link#*:}" "/mnt/new/${link%:*}"; done
mount --move /mnt/new /dev
rmdir /mnt/new
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
cd /tmp
if [ -n "$user" ]; then
    set -- setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs --pdeathsig KILL -- "$@"
fi
