#!/usr/bin/env bash
# Checks that house.sh reports one offence of each kind, and nothing else:
#
#   tests/house_test.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# Writes the header $1 with the guard $2 and the content of standard input, after the lines $3...
put() {
    local file=$tree/clarify/$1 guard=$2
    shift 2
    mkdir -p "$(dirname "$file")"
    {
        printf '%s\n' "$@" '' "#ifndef $guard" "#define $guard" ''
        cat
        printf '%s\n' '' "#endif  // $guard"
    } >"$file"
}

# $1 statements, each on a line.
statements() {
    local i
    for ((i = 0; i < $1; ++i)); do echo '    run();'; done
}

expect() {
    local status=0 output
    output=$(bash "$here/house.sh" "$tree") || status=$?
    if [ "$status" != "$1" ] || [ "$output" != "$2" ]; then
        printf 'house_test: it ended with %s and said\n%s\nrather than, with %s,\n%s\n' \
            "$status" "$output" "$1" "$2" >&2
        exit 1
    fi
}

license='// SPDX-License-Identifier: BSL-1.0'
job='// Runs.'

# What is in order, among it what looks like the end or the beginning of a function.
{
    echo '#include <clarify/core/good.hpp>'
    echo 'namespace clarify {'
    echo 'inline constexpr int table[] = {'
    statements 70
    echo '};'
    echo 'class Good {'
    echo "    Good(Options options = {}) : brace_{'{'}, digits_{1'000}, end_{\"}\"} {"
    echo '        // not a } here'
    echo '    }'
    statements 70
    echo '    void just_short_enough() {'
    echo '        text = R"(} " {)";'
    statements 57
    echo '    }'
    echo '};'
    echo '}'
} | put core/impl/good.hpp CLARIFY_CORE_IMPL_GOOD_HPP "$license" "$job"
echo | put core/good.hpp CLARIFY_CORE_GOOD_HPP "$license" "$job"
{
    echo '#include <clarify/core/detail/separate.hpp>'
    echo 'CLARIFY_DECL void run() {}'
} | put core/detail/impl/separate.hpp CLARIFY_CORE_DETAIL_IMPL_SEPARATE_HPP "$license" "$job"
echo | put core/detail/separate.hpp CLARIFY_CORE_DETAIL_SEPARATE_HPP "$license" "$job"
echo '#include <clarify/core/good.hpp>' |
    put core/detail/impl/good_part.hpp CLARIFY_CORE_DETAIL_IMPL_GOOD_PART_HPP "$license" "$job"
expect 0 '5 headers are in order'

echo | put job.hpp CLARIFY_JOB_HPP "$license"
echo | put license.hpp CLARIFY_LICENSE_HPP '// (C)' "$job"
echo | put guard.hpp CLARIFY_OTHER_HPP "$license" "$job"
printf '%s\n' '#if defined(X) || \' '    __has_include(<zlib.h>)' '#endif' |
    put choice.hpp CLARIFY_CHOICE_HPP "$license" "$job"
{
    statements 398
    # Documentation does not count.
    for ((i = 0; i < 200; ++i)); do echo '/** Says something. */'; done
} | put long_file.hpp CLARIFY_LONG_FILE_HPP "$license" "$job"
{
    echo 'namespace clarify {'
    echo 'template <class T>'
    echo 'Result<T> Long::function(T value) const {'
    statements 58
    echo '}'
    echo 'struct Late {'
    echo '    Late(int first)'
    echo '        : first_{first},'
    echo '          second_{first} {'
    statements 57
    echo '    }'
    echo '};'
    echo '}'
} | put long_function.hpp CLARIFY_LONG_FUNCTION_HPP "$license" "$job"
echo | put impl/guard.hpp CLARIFY_IMPL_GUARD_HPP "$license" "$job"
echo '#include <clarify/core/good.hpp>' |
    put detail/impl/twin_part.hpp CLARIFY_DETAIL_IMPL_TWIN_PART_HPP "$license" "$job"
echo '#include <clarify/detail/twin.hpp>' |
    put detail/impl/twin.hpp CLARIFY_DETAIL_IMPL_TWIN_HPP "$license" "$job"
echo | put detail/twin.hpp CLARIFY_DETAIL_TWIN_HPP "$license" "$job"
echo 'void f() {' | put open.hpp CLARIFY_OPEN_HPP "$license" "$job"
expect 1 'clarify/choice.hpp:8: what is installed must not decide what it needs [choice]
clarify/guard.hpp:1: the include guard is CLARIFY_GUARD_HPP, from #ifndef to #endif [guard]
clarify/job.hpp:2: no line says what this file is for [job]
clarify/license.hpp:1: the license comes first [job]
clarify/long_file.hpp:606: it has 401 lines of code, of at most 400 [file]
clarify/long_function.hpp:8: `function` has 61 lines, of at most 60 [function]
clarify/long_function.hpp:70: `Late` has 61 lines, of at most 60 [function]
clarify/open.hpp:9: its braces cannot be counted [function]
clarify/detail/impl/twin.hpp:1: nothing here is compiled separately: it and clarify/detail/twin.hpp are one file of 18 lines [twin]
clarify/detail/impl/twin_part.hpp:1: it does not include <clarify/detail/twin.hpp>, its declaration [own]
clarify/impl/guard.hpp:1: it does not include <clarify/guard.hpp>, its declaration [own]
11 offence(s) in 16 headers: job 2, guard 1, choice 1, own 2, function 3, file 1, twin 1'
echo 'house.sh finds one offence of each kind'
