# What Doxygen reads of a header: the lines that say what it is for document the file, what belongs to the
# namespaces of others is left out, and code in comments is marked as Doxygen knows it at any indentation.

NR == 1 && /^\/\/ SPDX/ { print "/// @file"; next }
NR > 1 && !begun && /^\/\// { sub(/^\/\//, "///"); print; next }
{ begun = 1 }

/^ *(\/\/\/ *)?```[a-z]*$/ {
    in_code = !in_code
    language = $0
    sub(/.*```/, "", language)
    sub(/```.*/, in_code ? "@code{." (language == "" ? "unparsed" : language) "}" : "@endcode")
}

/^template <>$/ { held = 1; next }
held {
    held = 0
    if ($0 ~ /^struct (boost|std)::.*;$/) {
        print "\n"
        next
    }
    print "template <>"
}
{ print }
