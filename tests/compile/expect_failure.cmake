# Compiles a file that must be rejected, and for the right reason:
#
#   cmake -D COMPILER=... -D FLAGS=... -D INCLUDES=... -D SOURCE=x_fails.cpp -P expect_failure.cmake
#
# The file starts with one or more lines `// expect-error: TEXT`. The test passes when the compiler
# fails and prints one of the texts; several allow for compilers that word it differently.

cmake_minimum_required(VERSION 3.25)

file(STRINGS "${SOURCE}" expectations REGEX "^// expect-error: ")
if(NOT expectations)
    message(FATAL_ERROR "${SOURCE} does not say what to expect: // expect-error: TEXT")
endif()

separate_arguments(FLAGS NATIVE_COMMAND "${FLAGS}")
string(REPLACE "|" ";" INCLUDES "${INCLUDES}")
list(REMOVE_ITEM INCLUDES "")
list(TRANSFORM INCLUDES PREPEND "-I")

set(ENV{LC_ALL} C)
execute_process(
    COMMAND "${COMPILER}" ${FLAGS} ${INCLUDES} -fsyntax-only "${SOURCE}"
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output
)
if(result EQUAL 0)
    message(FATAL_ERROR "${SOURCE} compiles, but should not")
endif()

foreach(expectation IN LISTS expectations)
    string(REPLACE "// expect-error: " "" expectation "${expectation}")
    string(FIND "${output}" "${expectation}" position)
    if(NOT position EQUAL -1)
        message(NOTICE "rejected as expected: ${expectation}")
        return()
    endif()
endforeach()
message(FATAL_ERROR "${SOURCE} is rejected for another reason:\n${output}")
