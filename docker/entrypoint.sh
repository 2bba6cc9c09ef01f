#!/bin/sh
# Passes secret files to Airflow: NAME__FROM=/run/secrets/x becomes NAME=content. A missing, unreadable or empty secret
# stops the container.
set -eu
umask 077

refuse() {
    echo "E_PREFLIGHT: the secret of $1 ($2) is $3; the container does not start" >&2
    exit 1
}

read_secret() {
    [ -e "$2" ] || refuse "$1" "$2" missing
    # `-r` is not enough: root passes it, and so does a directory.
    content=$(cat "$2" 2>/dev/null) || refuse "$1" "$2" unreadable
    case "$content" in
        *[![:space:]]*) ;;
        *) refuse "$1" "$2" empty ;;
    esac
}

for name in $(env | sed -n "s/^\([A-Z0-9_]*\)__FROM=.*/\1/p"); do
    eval "file=\${${name}__FROM}"
    # shellcheck disable=SC2154 # set by eval
    read_secret "$name" "$file"
    export "$name=$content"
    unset "${name}__FROM"
done
unset content
exec "$@"
