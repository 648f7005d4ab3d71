# Turns the C++ blocks of a Markdown file into source files and prints their names, one a line:
#
#   cmake -D README=README.md -D OUTPUT_DIR=... -P tests/readme/extract.cmake
#
# A block that starts with ```cpp is a complete file. With the line `<!-- snippet: body -->` before
# it, it is the body of a coroutine that has `client` and `executor`. A file with a main function
# is called program_<n>.cpp, any other snippet_<n>.cpp, where n counts the blocks.

cmake_minimum_required(VERSION 3.25)

set(fence "```")
set(body_mark "<!-- snippet: body -->")
set(body_head [==[
#include <clarify/clarify.hpp>

#include <boost/asio.hpp>

#include <iostream>

namespace asio = boost::asio;

asio::awaitable<void> snippet(
    [[maybe_unused]] clarify::Client& client, [[maybe_unused]] asio::any_io_executor executor) {
]==])
set(body_tail "    co_return;\n}\n")

# Everything below handles strings and positions: C++ is full of the characters that separate or
# group the elements of CMake's lists.
file(READ "${README}" text)
cmake_path(GET README FILENAME readme_name)
file(MAKE_DIRECTORY "${OUTPUT_DIR}")

# Puts the position of the first `needle` at or after `from` into `result`, or -1.
function(find_from from needle result)
    string(SUBSTRING "${text}" ${from} -1 tail)
    string(FIND "${tail}" "${needle}" position)
    if(NOT position EQUAL -1)
        math(EXPR position "${from} + ${position}")
    endif()
    set(${result} ${position} PARENT_SCOPE)
endfunction()

set(text "\n${text}")
set(position 0)
set(block 0)
set(written "")
while(TRUE)
    find_from(${position} "\n${fence}cpp\n" fence_start)
    if(fence_start EQUAL -1)
        break()
    endif()
    math(EXPR code_start "${fence_start} + 8")
    math(EXPR last_newline "${code_start} - 1")
    find_from(${last_newline} "\n${fence}" code_end)
    if(code_end EQUAL -1)
        message(FATAL_ERROR "${README}: a code block is not closed")
    endif()
    math(EXPR length "${code_end} - ${last_newline}")
    string(SUBSTRING "${text}" ${code_start} ${length} code)

    # The extra newline in front of the text makes the count of newlines the number of the line.
    string(SUBSTRING "${text}" 0 ${code_start} before)
    string(REGEX MATCHALL "\n" newlines "${before}")
    list(LENGTH newlines line)

    math(EXPR block "${block} + 1")
    set(name "snippet_${block}.cpp")
    set(code "#line ${line} \"${readme_name}\"\n${code}")
    if(before MATCHES "${body_mark}[ \t\r\n]*${fence}cpp\n$")
        set(code "${body_head}${code}${body_tail}")
    elseif(code MATCHES "int[ \t\n]+main[ \t\n]*\\(")
        set(name "program_${block}.cpp")
    endif()

    # A file that stays as it was is not compiled again.
    set(path "${OUTPUT_DIR}/${name}")
    file(WRITE "${path}.new" "${code}")
    file(COPY_FILE "${path}.new" "${path}" ONLY_IF_DIFFERENT)
    file(REMOVE "${path}.new")
    list(APPEND written "${name}")
    set(position ${code_end})
endwhile()

list(JOIN written "\n" written)
execute_process(COMMAND "${CMAKE_COMMAND}" -E echo "${written}")
