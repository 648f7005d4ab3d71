#!/usr/bin/env bash
# Runs the tests on another release of Debian, in a folder of its own:
#
#   tests/portability.sh [--release NAME] [--root FOLDER] [--mirror URL] [COMMAND...]
#
#   --release NAME   default: trixie, which is Debian 13
#   --root FOLDER    where the release is, or is put; default: build/roots/NAME
#   --mirror URL     where its packages come from; default: where debootstrap finds them
#   COMMAND          what is run in a copy of this source tree; default: tests/run.sh
#
# Needs root and debootstrap. The folder is kept, with what was installed and compiled in it, so that
# the next run is quicker. CI, CXX and JOBS reach the command.

set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
release=trixie
root=
mirror=

while [ $# -gt 0 ]; do
    case "$1" in
        --release) release=$2 && shift 2 ;;
        --root) root=$2 && shift 2 ;;
        --mirror) mirror=$2 && shift 2 ;;
        --help | -h)
            sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
            exit 0
            ;;
        --*)
            echo "$0: unknown option $1; try --help" >&2
            exit 2
            ;;
        *) break ;;
    esac
done
root=${root:-$source_dir/build/roots/$release}
[ $# -gt 0 ] || set -- tests/run.sh

if [ "$(id -u)" -ne 0 ]; then
    echo "$0: to make a root file system takes root" >&2
    exit 2
fi
if ! command -v debootstrap >/dev/null; then
    echo "$0: debootstrap is missing (Debian and Ubuntu: apt install debootstrap)" >&2
    exit 2
fi

# Half a system is none.
if [ ! -e "$root/.complete" ]; then
    echo "==> Making Debian $release in $root"
    rm -rf "$root"
    mkdir -p "$root"
    debootstrap --variant=minbase "$release" "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 || {
        tail -n 5 "$root.log" >&2
        exit 1
    }
    touch "$root/.complete"
fi

echo "==> Copying the source tree"
# What was deleted here goes there, too; what was built there stays. A file that is another one is as new as
# this copy, whenever it was changed: what is being built meanwhile would pass for newer than that.
copy=$root/src/clarify
rm -rf "$copy.new"
mkdir -p "$copy" "$copy.new"
(cd "$source_dir" && git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do
        if [ -e "$file" ]; then printf '%s\0' "$file"; fi
    done |
    tar --null --no-recursion --files-from=- --create) | tar --extract --touch --directory "$copy.new"
(cd "$copy.new" && find . ! -type d -print0) |
    while IFS= read -r -d '' file; do
        if cmp --silent "$copy.new/$file" "$copy/$file"; then
            touch --reference="$copy/$file" "$copy.new/$file"
        fi
    done
if [ -e "$copy/build" ]; then mv "$copy/build" "$copy.new/build"; fi
rm -rf "$copy"
mv "$copy.new" "$copy"

echo "==> Running $* on Debian $release"
# Mounts of its own, which end with it.
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    ${CI:+CI="$CI"} ${CXX:+CXX="$CXX"} ${JOBS:+JOBS="$JOBS"} \
    unshare --mount --propagation private bash -c '
        set -e
        root=$1
        shift
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount --bind -o ro /sys "$root/sys"
        cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
        exec chroot "$root" bash -c "cd /src/clarify && exec \"\$@\"" bash "$@"
    ' bash "$root" "$@"
