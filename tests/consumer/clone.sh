#!/bin/sh
# Makes a repository with the files of this tree as they are, for those who clone it: clone.sh REPOSITORY
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
repository=$1

rm -rf "$repository"
git init --quiet --initial-branch=main "$repository"
cd "$root"
# Only what another project needs, so that it is seen if that is more.
git --git-dir="$repository/.git" --work-tree="$root" add --force \
    CMakeLists.txt LICENSE cmake include meson.build meson_options.txt
git --git-dir="$repository/.git" -c user.name=clarify -c user.email=clarify@localhost commit --quiet \
    --message="As it is"
