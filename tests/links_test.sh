#!/usr/bin/env bash
# Checks that links.sh finds each kind of broken link, and nothing else:
#
#   tests/links_test.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
mkdir "$pages/more"

cat >"$pages/one.md" <<'PAGE'
# One `thing`, two

[here](#one-thing-two), [there](more/two.md), [a heading
there](more/two.md#two), [elsewhere](https://example.com/none).
[No file](more/none.md), [no heading](#none), [none there](more/two.md#one).
```
[code](none.md)
```
PAGE
printf '# Two\n\n[back](../one.md#one-thing-two)\n' >"$pages/more/two.md"

expected='one.md:5: there is no more/none.md
one.md:5: there is no heading #none in one.md
one.md:5: there is no heading #one in ./more/two.md
3 of 8 links in 2 pages are broken'
status=0
output=$(cd "$pages" && bash "$here/links.sh" one.md more/two.md) || status=$?
if [ "$status" -ne 1 ] || [ "$output" != "$expected" ]; then
    printf 'links_test: it ended with %s and said\n%s\nrather than, with 1,\n%s\n' \
        "$status" "$output" "$expected" >&2
    exit 1
fi
bash "$here/links.sh" "$pages/more/two.md"
echo 'links.sh finds one broken link of each kind'
