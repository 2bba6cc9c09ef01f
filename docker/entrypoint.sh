#!/bin/sh
# Turns secret files into the environment that Airflow reads: NAME__FROM=/run/secrets/x becomes NAME=content.
set -eu
for name in $(env | sed -n 's/^\([A-Z0-9_]*\)__FROM=.*/\1/p'); do
    eval "file=\${${name}__FROM}"
    # shellcheck disable=SC2154 # set by eval
    if [ ! -s "$file" ]; then
        echo "E_PREFLIGHT: the secret of $name is missing or empty" >&2
        exit 1
    fi
    export "$name=$(cat "$file")"
    unset "${name}__FROM"
done
exec "$@"
