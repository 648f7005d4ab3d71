#!/bin/sh
# Makes the page of the manual of a program that describes itself as CLI11 has it:
#
#   packaging/man_page.sh PROGRAM [OUTPUT]
#
# All that is in the page is what `PROGRAM --help` and `PROGRAM SUBCOMMAND --help` say, so it cannot be
# about another version. Runs wherever there is a POSIX shell and awk.
set -eu

program=$1
output=${2:--}
name=$(basename "$program")
numbers=$(sed -n 's/^#define CLARIFY_VERSION_[A-Z]* \([0-9][0-9]*\)$/\1/p' \
    "$(dirname "$0")/../include/clarify/core/version.hpp")
# shellcheck disable=SC2086 # one number a word
version=$(printf '%s.' $numbers)
other=clarify-gateway
[ "$name" = clarify ] || other=clarify

# The subcommands, of which each has a help of its own.
subcommands() {
    "$program" --help | awk '
        /^[^ ]/ { inside = tolower($0) ~ /^subcommands:/ }
        inside && /^  [a-z]/ { print $1 }
    '
}

# Writes help as roff. Of a subcommand there is less: not what all have in common.
as_roff() { # as_roff main|sub
    awk -v mode="$1" '
        function roff(text) {
            gsub(/\\/, "\\e", text)
            gsub(/-/, "\\-", text)
            if (text ~ /^[.\047]/) text = "\\&" text
            return text
        }
        function heading(text) { print (mode == "main" ? ".SH " : ".PP\n.B ") text }

        # One option, argument or subcommand, and what it is for.
        function flush_entry(    names, needs) {
            if (entry == "") return
            needs = ""
            if (match(entry, / Needs: .*/)) {
                needs = " Needs" substr(entry, RSTART + 7) "."
                entry = substr(entry, 1, RSTART - 1)
            }
            sub(/ +$/, "", entry)
            if (kind == "positionals") {
                sub(/ REQUIRED/, "", entry)
                sub(/ TEXT/, "", entry)
            }
            names = entry
            sub(/ .*/, "", names)
            entry = substr(entry, length(names) + 1)
            gsub(/,/, ", ", names)
            sub(/\{-\}$/, "", names)
            print ".TP\n\\fB" roff(names) "\\fR" roff(entry)
            if (about != "" && needs != "" && about !~ /[.]$/) about = about "."
            print roff(about needs)
            entry = ""
        }
        function flush_code() {
            if (code) print ".EE\n.RE"
            code = 0
        }

        # Before the usage: what it is. That of the page is in its name.
        !usage && /^Usage: |^ .* \[OPTIONS\]/ {
            sub(/^(Usage:)? */, "")
            usage = 1
            if (mode == "main") print ".SH SYNOPSIS"
            else print ".PP"
            print ".B " roff($0)
            next
        }
        !usage {
            if (mode == "sub" && $0 != "") print roff($0)
            next
        }
        /^(Positionals|POSITIONALS|Options|OPTIONS|Subcommands|SUBCOMMANDS)[^.]*:$/ {
            flush_entry()
            kind = tolower($0)
            sub(/:.*/, "", kind)
            title = $0
            sub(/:$/, "", title)
            common = mode == "sub" && kind == "options of all calls"
            # The subcommands have a section each.
            if (kind == "subcommands") common = 1
            else if (mode == "main") heading(toupper(title))
            next
        }
        kind != "" && /^  [^ ]/ {
            flush_entry()
            if (common) next
            line = substr($0, 3)
            while (match(line, /,  +--/)) {
                line = substr(line, 1, RSTART) substr(line, RSTART + RLENGTH - 2)
            }
            about = ""
            entry = line
            if (match(line, /  +/)) {
                entry = substr(line, 1, RSTART - 1)
                about = substr(line, RSTART + RLENGTH)
            }
            if (mode == "sub" && entry ~ /^-h,/) entry = ""
            next
        }
        kind != "" && /^          / {
            sub(/^ +/, "")
            if (!common && entry != "") about = about (about == "" ? "" : " ") $0
            next
        }

        # What stands below the options, paragraph by paragraph.
        /^$/ {
            flush_entry()
            blank = 1
            skipped = 0
            next
        }
        { flush_entry() }
        /^[^ ]/ && kind != "" {
            kind = ""
            blank = mode == "sub"
            if (mode == "main") print ".SH DESCRIPTION"
        }
        /^Exit codes: / {
            flush_code()
            if (mode == "sub") {
                skipped = 1
                next
            }
            print ".SH EXIT STATUS"
            blank = 0
            sub(/^Exit codes: /, "")
        }
        skipped { next }
        mode == "main" && /^Examples?:$/ {
            flush_code()
            print ".SH EXAMPLES"
            blank = 0
            next
        }
        /^ / {
            if (!code) print (blank ? ".PP\n" : "") ".RS 2\n.EX"
            if (code && blank) print ""
            code = 1
            blank = 0
            sub(/^  /, "")
            print roff($0)
            next
        }
        {
            flush_code()
            if (blank) print ".PP"
            blank = 0
            print roff($0)
        }
        END {
            flush_entry()
            flush_code()
        }
    '
}

page() {
    printf '.TH %s 1 "" "clarify %s" "Clarify"\n' "$(printf '%s' "$name" | tr 'a-z-' 'A-Z-')" \
        "${version%.}"
    printf '.SH NAME\n%s \\- %s\n' "$(printf '%s' "$name" | sed 's/-/\\-/g')" \
        "$("$program" --help | awk '
            NF { sub(/\.$/, ""); print tolower(substr($0, 1, 1)) substr($0, 2); exit }')"
    "$program" --help | as_roff main
    commands=$(subcommands)
    if [ -n "$commands" ]; then
        echo '.SH COMMANDS'
        for command in $commands; do
            printf '.SS %s\n' "$command"
            "$program" "$command" --help | as_roff sub
        done
    fi
    printf '.SH SEE ALSO\n.BR %s (1)\n' "$(printf '%s' "$other" | sed 's/-/\\-/g')"
}

if [ "$output" = - ]; then
    page
else
    page >"$output.new"
    mv "$output.new" "$output"
fi
