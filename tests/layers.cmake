# Checks the include rule of the headers:
#
#   cmake -P tests/layers.cmake
#
# Folders are layers with a rank. A header includes its own folder or a lower rank only, json, http,
# auth and pace never include each other, detail/ and impl/ are private to their folder (core/detail/
# excepted, and api/detail/ for ingest/), and the big dependencies stay in the layer that wraps them. testing/ and src.hpp may
# include anything, but nothing includes them. The rooms of testing/detail/ do not include each
# other, but what lies beside them (certificate.hpp, secrets.hpp) and public headers.

cmake_minimum_required(VERSION 3.25)

if(NOT DEFINED INCLUDE_DIR)
    cmake_path(SET INCLUDE_DIR NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../include")
endif()

set(rank_core 0)
set(rank_concepts 1)
set(rank_observe 1)
set(rank_rpc 2)
set(rank_json 3)
set(rank_http 3)
set(rank_auth 3)
set(rank_pace 3)
set(rank_client_options.hpp 4)
set(rank_credentials.hpp 4)
set(rank_rpc_client.hpp 4)
set(rank_detail 4)
set(rank_impl 4)
set(rank_api 5)
set(rank_client.hpp 6)
set(rank_any_client.hpp 6)
set(rank_ingest 7)
set(rank_clarify.hpp 8)
set(rank_testing 9)
set(rank_src.hpp 10)

# External headers that belong to certain layers: a regular expression, then the layers.
set(wrapped_headers beast ssl boost_json curl nlohmann sqlite)
set(wrapped_beast "^boost/beast(/|\\.hpp)" http testing)
set(wrapped_ssl "^(boost/asio/ssl(/|\\.hpp)|openssl/)" http testing)
set(wrapped_boost_json "^boost/json(/|\\.hpp|_fwd)" json testing)
set(wrapped_curl "^curl/" http testing)
set(wrapped_nlohmann "^nlohmann/" json testing)
set(wrapped_sqlite "^sqlite3" ingest testing)

set(problems 0)

function(problem file text)
    message(NOTICE "clarify/${file}: ${text}")
    math(EXPR count "${problems} + 1")
    set(problems ${count} PARENT_SCOPE)
endfunction()

# The layer of a header: its first folder, or the header itself at the top. The bodies of a
# top-level header, impl/<name>.hpp, belong to that header.
function(layer_of header result)
    string(REGEX REPLACE "/.*" "" layer "${header}")
    string(REGEX REPLACE "^impl/" "" owner "${header}")
    if(DEFINED "rank_${owner}")
        set(layer "${owner}")
    endif()
    set(${result} "${layer}" PARENT_SCOPE)
endfunction()

function(check_own_include file layer included)
    layer_of("${included}" included_layer)
    if(NOT EXISTS "${INCLUDE_DIR}/clarify/${included}")
        problem("${file}" "includes <clarify/${included}>, which does not exist")
    elseif(NOT DEFINED "rank_${included_layer}")
        return() # reported where that header itself is checked
    elseif(NOT included_layer STREQUAL layer)
        set(rank "${rank_${layer}}")
        set(included_rank "${rank_${included_layer}}")
        if(included_rank GREATER rank)
            problem("${file}" "includes <clarify/${included}> of a higher layer")
        elseif(included_rank EQUAL rank AND rank EQUAL 3)
            problem("${file}" "includes <clarify/${included}> of a sibling layer")
        elseif(layer STREQUAL "testing")
            # May look into private folders.
        elseif(layer STREQUAL "ingest" AND included MATCHES "^api/detail/")
            # Divides samples as the client does.
        elseif(included MATCHES "^[^/]+/(detail|impl)/" AND NOT included MATCHES "^core/detail/")
            problem("${file}" "includes <clarify/${included}>, which is private to its folder")
        elseif(included MATCHES "^(detail|impl)/" AND file MATCHES "^api/")
            problem("${file}" "includes <clarify/${included}>, which is private to the top level")
        endif()
    endif()
    set(problems ${problems} PARENT_SCOPE)
endfunction()

# A file in a room of testing/detail/, or beside the rooms, includes no other room.
function(check_rooms file included)
    if(file MATCHES "^testing/detail/" AND included MATCHES "^testing/detail/([^/]+)/")
        set(room "${CMAKE_MATCH_1}")
        if(NOT file MATCHES "^testing/detail/${room}/")
            problem("${file}" "includes <clarify/${included}>, which is private to ${room}/")
        endif()
    endif()
    set(problems ${problems} PARENT_SCOPE)
endfunction()

function(check_foreign_include file layer included)
    foreach(name IN LISTS wrapped_headers)
        set(layers ${wrapped_${name}})
        list(POP_FRONT layers pattern)
        if(included MATCHES "${pattern}" AND NOT layer IN_LIST layers)
            list(JOIN layers "/ or " places)
            problem("${file}" "includes <${included}>, which belongs in ${places}/")
        endif()
    endforeach()
    set(problems ${problems} PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE headers RELATIVE "${INCLUDE_DIR}/clarify" "${INCLUDE_DIR}/clarify/*.hpp")
foreach(header IN LISTS headers)
    layer_of("${header}" layer)
    if(NOT DEFINED "rank_${layer}")
        problem("${header}" "is in no layer; give it a rank in tests/layers.cmake")
        continue()
    endif()
    if(layer STREQUAL "src.hpp")
        continue()
    endif()
    file(STRINGS "${INCLUDE_DIR}/clarify/${header}" lines REGEX "^[ \t]*#[ \t]*include")
    foreach(line IN LISTS lines)
        if(line MATCHES "include[ \t]*\"")
            problem("${header}" "write #include <clarify/...> instead of ${line}")
        elseif(line MATCHES "<clarify/([^>]+)>")
            set(included "${CMAKE_MATCH_1}")
            check_own_include("${header}" "${layer}" "${included}")
            check_rooms("${header}" "${included}")
        elseif(line MATCHES "<([^>]+)>")
            check_foreign_include("${header}" "${layer}" "${CMAKE_MATCH_1}")
        endif()
    endforeach()
endforeach()

list(LENGTH headers checked)
if(problems GREATER 0)
    message(FATAL_ERROR "${problems} include(s) against the layers")
endif()
message(NOTICE "${checked} headers keep to the layers")
