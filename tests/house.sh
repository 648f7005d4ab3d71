#!/usr/bin/env bash
# Checks what can be checked of how the headers are laid out:
#
#   tests/house.sh [INCLUDE_DIR]
#
#   job        each file begins with its license and one line that says what it is for
#   guard      an include guard is named after the path of its file
#   choice     what a header needs does not depend on what is installed: no __has_include
#   own        a body, impl/x.hpp, includes the header that declares what it defines
#   function   no function has more than 60 lines
#   file       no file has more than 400 lines of code: without blank ones and those of comments
#   twin       a private header and its body are one file where nothing of it is compiled
#              separately and both have less than 300 lines
#
# Each offence is told with its file and line, and counted at the end. Ends with 0 if there is none,
# 1 if there is one, 2 if it cannot look. The include rule is checked by layers.cmake.
set -euo pipefail

include=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/include}
if [ ! -d "$include/clarify" ]; then
    echo "house: there is no $include/clarify" >&2
    exit 2
fi
cd "$include"

# One pass over all files. Functions are found by counting braces in what is left of a line without
# comments and literals: a brace in the scope of a namespace or class, behind something that has a
# parenthesis, opens a function.
find clarify -name '*.hpp' | LC_ALL=C sort | LC_ALL=C awk '
    function offence(kind, file, line, text) {
        print file ":" line ": " text " [" kind "]"
        ++count[kind]
        ++offences
    }

    # The line without comments, and without what is in literals.
    function bare(line,    out, at, rest) {
        out = ""
        while (line != "") {
            if (in_comment) {
                at = index(line, "*/")
                if (at == 0) return out
                in_comment = 0
                line = substr(line, at + 2)
            } else if (raw_end != "") {
                at = index(line, raw_end)
                if (at == 0) return out
                line = substr(line, at + length(raw_end))
                raw_end = ""
            } else if (match(line, /\/\/|\/\*|R"[^(]*\(|"|\047/)) {
                out = out substr(line, 1, RSTART - 1)
                rest = substr(line, RSTART)
                line = substr(line, RSTART + RLENGTH)
                if (rest ~ /^\/\//) return out
                if (rest ~ /^\/\*/) {
                    in_comment = 1
                } else if (rest ~ /^R"/) {
                    raw_end = rest
                    sub(/^R"/, "", raw_end)
                    sub(/\(.*/, "", raw_end)
                    raw_end = ")" raw_end "\""
                    out = out "L"
                } else if (rest ~ /^"/) {
                    if (match(line, /^(\\.|[^"\\])*"/)) line = substr(line, RLENGTH + 1)
                    out = out "L"
                } else if (out ~ /[0-9]$/) {
                    continue  # it separates digits
                } else {
                    if (match(line, /^(\\.|[^\047\\])*\047/)) line = substr(line, RLENGTH + 1)
                    out = out "L"
                }
            } else {
                return out line
            }
        }
        return out
    }

    # What a declaration is about: without the templates before it.
    function untemplated(text,    depth, i, c) {
        while (text ~ /^[ \t]*template[ \t]*</) {
            depth = 0
            for (i = index(text, "<"); i <= length(text); ++i) {
                c = substr(text, i, 1)
                if (c == "<") ++depth
                if (c == ">" && --depth == 0) break
            }
            text = substr(text, i + 1)
        }
        sub(/^[ \t]+/, "", text)
        return text
    }

    function is_function(text,    before) {
        text = untemplated(text)
        if (index(text, "(") == 0) return 0
        before = substr(text, 1, index(text, "(") - 1)
        return before !~ /(^|[^A-Za-z0-9_])(namespace|class|struct|union|enum|concept)([^A-Za-z0-9_]|$)/
    }

    function name_of(text) {
        text = untemplated(text)
        if (match(text, /operator[ \t]*[^A-Za-z_ \t(]+/)) return substr(text, RSTART, RLENGTH)
        if (text ~ /operator[ \t]*\(\)/) return "operator()"
        if (match(text, /[A-Za-z0-9_~]+[ \t]*\(/) == 0) return "?"
        text = substr(text, RSTART, RLENGTH - 1)
        sub(/[ \t]+$/, "", text)
        return text
    }

    # Follows the braces of one line.
    function follow(line,    piece, c, text) {
        while (match(line, /[{}();]/)) {
            piece = substr(line, 1, RSTART - 1)
            c = substr(line, RSTART, 1)
            line = substr(line, RSTART + 1)
            add(piece)
            if (c == "(") {
                add(c)
                ++parentheses
            } else if (c == ")") {
                add(c)
                --parentheses
            } else if (c == ";") {
                if (parentheses == 0) head = ""
            } else if (c == "{") {
                ++depth
                if (inside != 0) continue
                if (head == "" && pending) {
                    # Behind the braces of a member initializer: the body itself.
                    inside = depth
                    first = measured_first
                    name = measured_name
                    pending = 0
                } else if (parentheses == 0 && is_function(head)) {
                    inside = depth
                    first = head_line
                    name = name_of(head)
                } else if (parentheses > 0 || head ~ /(^|[^=!<>])=[ \t]*$/ || is_value(head)) {
                    inside = depth  # an initializer
                    first = 0
                } else {
                    head = ""
                }
            } else {
                if (inside == depth) {
                    inside = 0
                    if (first == 0) {
                        head = head "L"  # as far as this declaration goes
                    } else {
                        close_function()
                    }
                } else if (inside == 0) {
                    head = ""
                }
                --depth
            }
        }
        add(line)
    }

    # Is the brace behind this one of an object, and not of a namespace or a class?
    function is_value(text) {
        return untemplated(text) !~ \
            /(^|[^A-Za-z0-9_])(namespace|class|struct|union|enum|extern)([^A-Za-z0-9_]|$)/
    }

    # The body ends here, unless it was the initializer of a member, behind which there is more.
    function close_function() {
        measured_first = first
        measured_name = name
        measured_last = row
        head = ""
        pending = 1
    }

    function flush() {
        if (pending && measured_last - measured_first + 1 > 60) {
            offence("function", path, measured_first, "`" measured_name "` has " \
                (measured_last - measured_first + 1) " lines, of at most 60")
        }
        pending = 0
    }

    function add(piece) {
        if (inside != 0) return
        if (head == "") {
            if (piece !~ /[^ \t]/) return
            head_line = row
            if (pending && piece ~ /^[ \t]*,/) {
                # More member initializers, and then the body.
                head_line = measured_first
                head = measured_name "()"
                pending = 0
            } else {
                flush()
            }
        }
        head = head piece " "
    }

    # The header that declares what a body defines: of the same name, in the folder around impl/ or
    # one around that; or of the beginning of its name, where one header has several bodies. Nothing
    # where there is none.
    function declaration_of(body,    folder, name, outer) {
        folder = body
        sub(/impl\/[^\/]*$/, "", folder)
        name = body
        sub(/.*\//, "", name)
        for (outer = folder; outer != ""; sub(/[^\/]*\/$/, "", outer)) {
            # Private folders aside, the top is a layer of its own.
            if (outer == "clarify/" && folder !~ /^clarify\/(detail\/)?$/) break
            if ((outer name) in lines) return outer name
        }
        while (sub(/_[^_]*$/, "", name)) {
            if ((folder name ".hpp") in lines) return folder name ".hpp"
        }
        return ""
    }

    function check_own(body,    declared) {
        declared = declaration_of(body)
        if (declared != "" && !((body, declared) in includes)) {
            offence("own", body, 1, "it does not include <" declared ">, its declaration")
        }
    }

    function check_twin(body,    declared, whole) {
        declared = body
        sub(/\/impl\//, "/", declared)
        if (body !~ /\/detail\// || is_separate[body] || !(declared in lines)) return
        whole = lines[declared] + lines[body]
        if (whole < 300) {
            offence("twin", body, 1, "nothing here is compiled separately: it and " declared \
                " are one file of " whole " lines")
        }
    }

    {
        path = $0
        guard = toupper(path)
        gsub(/[^A-Z0-9]/, "_", guard)
        in_comment = 0; raw_end = ""; head = ""; inside = 0; depth = 0; parentheses = 0
        pending = 0; separate = 0; code = 0; opened = 0; defined = 0; last = ""; continued = 0
        split("", included)
        row = 0
        while ((getline text < path) > 0) {
            ++row
            sub(/\r$/, "", text)
            if (row == 1 && text != "// SPDX-License-Identifier: BSL-1.0") {
                offence("job", path, 1, "the license comes first")
            }
            if (row == 2 && text !~ /^\/\/ [^ ]/) {
                offence("job", path, 2, "no line says what this file is for")
            }
            if (text ~ /[^ \t]/) last = text
            if (text ~ /CLARIFY_DECL/) separate = 1
            if (continued || (!in_comment && raw_end == "" && text ~ /^[ \t]*#/)) {
                continued = text ~ /\\$/
                ++code
                if (text ~ /__has_include/) {
                    offence("choice", path, row, "what is installed must not decide what it needs")
                }
                if (text == "#ifndef " guard && !opened) opened = row
                if (text == "#define " guard && opened == row - 1) defined = 1
                if (match(text, /^#include <[^>]+>/)) {
                    included[substr(text, 11, RLENGTH - 11)] = 1
                }
                continue
            }
            text = bare(text)
            if (text ~ /[^ \t]/) ++code
            follow(text)
        }
        flush()
        close(path)
        lines[path] = row
        is_separate[path] = separate
        if (!opened || !defined || last != "#endif  // " guard) {
            offence("guard", path, opened ? opened : 1, "the include guard is " guard \
                ", from #ifndef to #endif")
        }
        if (code > 400) {
            offence("file", path, row, "it has " code " lines of code, of at most 400")
        }
        if (depth != 0 || parentheses != 0) {
            offence("function", path, row, "its braces cannot be counted")
        }
        if (path ~ /\/impl\/[^\/]+$/) {
            bodies[++body_count] = path
            for (header in included) includes[path, header] = 1
        }
        ++files
    }

    END {
        for (i = 1; i <= body_count; ++i) {
            check_own(bodies[i])
            check_twin(bodies[i])
        }
        if (offences == 0) {
            print files " headers are in order"
            exit 0
        }
        printf "%d offence(s) in %d headers:", offences, files
        n = split("job guard choice own function file twin", kinds, " ")
        for (i = 1; i <= n; ++i) printf " %s %d%s", kinds[i], count[kinds[i]], i < n ? "," : "\n"
        exit 1
    }
'
