#!/bin/sh
# Installs the agents of this folder on the host that it was made for. Needs no network, and running
# it again changes nothing more. It starts nothing: the last lines say how.
#
#   sh install.sh [--root DIR] [--python FILE]
#
#   --root DIR     install under DIR and leave the running system alone, as for an image
#   --python FILE  the Python that has flumec.runtime; without it, python3 on the PATH
set -eu

refuse() {
    echo "install.sh: $1" >&2
    exit 2
}

# put SOURCE TARGET MODE: a reader of TARGET sees the old file or the new one, whole.
put() {
    if cmp -s "$1" "$2" 2>/dev/null; then
        echo "unchanged  $2"
    else
        mkdir -p "${2%/*}"
        cp "$1" "$2.new"
        chmod "$3" "$2.new"
        mv -f "$2.new" "$2"
        echo "installed  $2"
    fi
}

# absolute FILE: units start it from another folder. A name alone is looked for on the PATH.
absolute() {
    case "$1" in
        /*) echo "$1" ;;
        */*) echo "$(pwd)/$1" ;;
        *) command -v "$1" || echo "$1" ;;
    esac
}

root=
python=
while [ $# -gt 0 ]; do
    case "$1" in
        --root) root=${2:?--root needs a folder}; shift 2 ;;
        --python) python=$(absolute "${2:?--python needs a file}"); shift 2 ;;
        *) refuse "unknown option $1; there are --root DIR and --python FILE" ;;
    esac
done
umask 022
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
if [ -z "$python" ]; then
    python=$(command -v python3) || refuse "no python3 here; name one with --python FILE"
fi
if [ -z "$root" ]; then
    "$python" -c 'import flumec.runtime' 2>/dev/null ||
        refuse "$python has no flumec.runtime; install flumec there, or name another with --python FILE"
fi

starter=$(mktemp)
trap 'rm -f "$starter"' EXIT
printf '#!/bin/sh\nexec "%s" "$@"\n' "$python" >"$starter"
put "$starter" "$root/opt/flumec/bin/python" 755
for file in "$here"/agents/*.py; do
    put "$file" "$root/opt/flumec/agents/${file##*/}" 755
done
put "$here/manifest.json" "$root/opt/flumec/manifest.json" 644
for kind in sysusers tmpfiles; do
    put "$here/systemd/$kind.conf" "$root/etc/$kind.d/flumec.conf" 644
done
for file in "$here"/systemd/*.service "$here"/systemd/*.socket "$here"/systemd/*.target; do
    if [ -f "$file" ]; then
        put "$file" "$root/etc/systemd/system/${file##*/}" 644
    fi
done
for file in "$root"/opt/flumec/agents/*.py; do
    if [ ! -f "$here/agents/${file##*/}" ]; then
        echo "left over  $file is not in this bundle; its events stay in /var/lib/flumec"
    fi
done
if [ -n "$root" ]; then
    exit 0
fi

systemd-sysusers /etc/sysusers.d/flumec.conf
systemd-tmpfiles --create /etc/tmpfiles.d/flumec.conf
systemctl daemon-reload
if systemctl is-active --quiet flumec.target; then
    for file in "$here"/systemd/*.service; do
        echo "to run it  systemctl restart ${file##*/}"
    done
else
    echo "to run it  cd /etc/systemd/system && systemctl enable --now flumec.target flumec-*"
fi
