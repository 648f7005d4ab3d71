# Turns the C++ blocks of Markdown files into source files and prints their names, one a line:
#
#   cmake -D "PAGES=README.md;docs/errors.md" -D OUTPUT_DIR=... -P tests/readme/extract.cmake
#
# A block that starts with ```cpp is a complete file, <page>_snippet_<n>.cpp, where n counts the blocks
# of the page; with a main function it is <page>_program_<n>.cpp. With the line `<!-- snippet: body -->`
# before it, a block is the body of a coroutine that has `client` and `executor`; the bodies of all pages
# are bodies_snippet_<n>.cpp, several in each, as most of the time goes into what they include.
#
# What includes a header that wraps a library of its own is left empty where that library is not there.

cmake_minimum_required(VERSION 3.25)

set(fence "```")
set(body_mark "<!-- snippet: body -->")
set(bodies_a_file 16)
set(body_head [==[
#include <clarify/clarify.hpp>
#include <clarify/observe/metrics.hpp>

#include <boost/asio.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>

namespace asio = boost::asio;

]==])
set(wrapping_headers clarify/ingest/sqlite_spool clarify/http/curl_backend clarify/json/nlohmann_codec redis_)
set(wrapped_headers sqlite3.h curl/curl.h nlohmann/json.hpp hiredis/hiredis.h)

file(MAKE_DIRECTORY "${OUTPUT_DIR}")
set(written "")

# A file that stays as it was is not compiled again.
function(write_source name code)
    set(path "${OUTPUT_DIR}/${name}")
    file(WRITE "${path}.new" "${code}")
    file(COPY_FILE "${path}.new" "${path}" ONLY_IF_DIFFERENT)
    file(REMOVE "${path}.new")
    list(APPEND written "${name}")
    set(written "${written}" PARENT_SCOPE)
endfunction()

# Puts the position of the first `needle` at or after `from` into `result`, or -1.
function(find_from from needle result)
    string(SUBSTRING "${text}" ${from} -1 tail)
    string(FIND "${tail}" "${needle}" position)
    if(NOT position EQUAL -1)
        math(EXPR position "${from} + ${position}")
    endif()
    set(${result} ${position} PARENT_SCOPE)
endfunction()

# Puts `code` between lines that leave it out where what it needs is missing.
function(guard_source code result)
    foreach(wrapping wrapped IN ZIP_LISTS wrapping_headers wrapped_headers)
        string(FIND "${code}" "${wrapping}" position)
        if(NOT position EQUAL -1)
            set(code "#if __has_include(<${wrapped}>)\n${code}#endif\n")
        endif()
    endforeach()
    set(${result} "${code}" PARENT_SCOPE)
endfunction()

# Everything below handles strings and positions: C++ is full of the characters that separate or
# group the elements of CMake's lists.
set(bodies "")
set(body_count 0)
set(body_files 0)
foreach(page IN LISTS PAGES)
    file(READ "${page}" text)
    cmake_path(GET page FILENAME page_name)
    cmake_path(GET page STEM stem)
    string(TOLOWER "${stem}" stem)
    string(MAKE_C_IDENTIFIER "${stem}" stem)

    set(text "\n${text}")
    set(position 0)
    set(block 0)
    while(TRUE)
        find_from(${position} "\n${fence}cpp\n" fence_start)
        if(fence_start EQUAL -1)
            break()
        endif()
        math(EXPR code_start "${fence_start} + 8")
        math(EXPR last_newline "${code_start} - 1")
        find_from(${last_newline} "\n${fence}" code_end)
        if(code_end EQUAL -1)
            message(FATAL_ERROR "${page}: a code block is not closed")
        endif()
        math(EXPR length "${code_end} - ${last_newline}")
        string(SUBSTRING "${text}" ${code_start} ${length} code)
        set(position ${code_end})

        # The extra newline in front of the text makes the count of newlines the number of the line.
        string(SUBSTRING "${text}" 0 ${code_start} before)
        string(REGEX MATCHALL "\n" newlines "${before}")
        list(LENGTH newlines line)

        math(EXPR block "${block} + 1")
        set(code "#line ${line} \"${page_name}\"\n${code}")
        if(before MATCHES "${body_mark}[ \t\r\n]*${fence}cpp\n$")
            string(
                APPEND bodies
                "asio::awaitable<void> ${stem}_${block}([[maybe_unused]] clarify::Client& client, "
                "[[maybe_unused]] asio::any_io_executor executor) {\n"
                "${code}    co_return;\n}\n\n"
            )
            math(EXPR body_count "${body_count} + 1")
            if(body_count EQUAL bodies_a_file)
                math(EXPR body_files "${body_files} + 1")
                write_source(bodies_snippet_${body_files}.cpp "${body_head}${bodies}")
                set(bodies "")
                set(body_count 0)
            endif()
            continue()
        endif()

        guard_source("${code}" code)
        if(code MATCHES "int[ \t\n]+main[ \t\n]*\\(")
            write_source(${stem}_program_${block}.cpp "${code}")
        else()
            write_source(${stem}_snippet_${block}.cpp "${code}")
        endif()
    endwhile()
endforeach()
if(bodies)
    math(EXPR body_files "${body_files} + 1")
    write_source(bodies_snippet_${body_files}.cpp "${body_head}${bodies}")
endif()

list(JOIN written "\n" written)
execute_process(COMMAND "${CMAKE_COMMAND}" -E echo "${written}")
