# clarify::compiled: the library compiled once, in a static library of the project that uses it. So it
# has the flags, the standard and the Boost of that project. It is built where something links it, and
# what links it is compiled with CLARIFY_SEPARATE_COMPILATION.
#
# Needs clarify::clarify, and in `clarify_source` the file to compile, unless that is beside this folder.

if(NOT TARGET clarify_compiled)
    if(NOT DEFINED clarify_source)
        set(clarify_source "${CMAKE_CURRENT_LIST_DIR}/../include/clarify/src.cpp")
    endif()
    add_library(clarify_compiled STATIC EXCLUDE_FROM_ALL "${clarify_source}")
    add_library(clarify::compiled ALIAS clarify_compiled)
    target_compile_definitions(clarify_compiled PUBLIC CLARIFY_SEPARATE_COMPILATION)
    target_link_libraries(clarify_compiled PUBLIC clarify::clarify)
    # It may become a part of a shared library.
    set_target_properties(clarify_compiled PROPERTIES POSITION_INDEPENDENT_CODE ON)
endif()
