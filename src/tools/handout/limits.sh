# Becomes the program in `$@`, with limits on processes (`$most`; some shells have another letter for it) and on files,
# and with no terminal, for a program could write and type there. Whoever has started it ends it by their own end.
ulimit -u "$most" 2> /dev/null || ulimit -p "$most" 2> /dev/null || true
ulimit -f 4194304
if setpriv --pdeathsig KILL setsid true 2> /dev/null; then set -- setpriv --pdeathsig KILL setsid "$@"; fi
exec "$@"
