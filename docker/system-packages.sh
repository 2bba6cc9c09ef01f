#!/bin/sh
# Installs missing Debian packages if the user is permitted to; otherwise it says so and continues.
# Their services are not started: the platform runs its own on free ports.
missing=""
for package in "$@"; do
    dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo"
else
    echo "not installed, and no permission to install:$missing" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
$as_root apt-get update -qq >/dev/null 2>&1
# shellcheck disable=SC2086 # one word per package
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 || echo "could not be installed:$missing" >&2
exit 0
