#!/bin/sh
# Turns secret files into what Airflow reads: NAME__FROM=/run/secrets/x becomes NAME=content, and NAME__COPY=/run/secrets/x
# becomes NAME=path of a private copy, for a file that Airflow opens for writing. A secret that is not there stops the start.
set -eu
umask 077

refuse() {
    echo "E_PREFLIGHT: the secret of $1 ($2) is $3; the container does not start" >&2
    exit 1
}

read_secret() {
    [ -e "$2" ] || refuse "$1" "$2" missing
    # A directory exists and can be read, and `cat` fails on it only.
    content=$(cat "$2" 2>/dev/null) || refuse "$1" "$2" unreadable
    case "$content" in
        *[![:space:]]*) ;;
        *) refuse "$1" "$2" empty ;;
    esac
}

named() {
    env | sed -n "s/^\([A-Z0-9_]*\)__$1=.*/\1/p"
}

for name in $(named FROM); do
    eval "file=\${${name}__FROM}"
    # shellcheck disable=SC2154 # set by eval
    read_secret "$name" "$file"
    export "$name=$content"
    unset "${name}__FROM"
done
for name in $(named COPY); do
    eval "file=\${${name}__COPY}"
    read_secret "$name" "$file"
    copy="$HOME/$(basename "$file")"
    printf '%s\n' "$content" > "$copy"
    export "$name=$copy"
    unset "${name}__COPY"
done
unset content
exec "$@"
