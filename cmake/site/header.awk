# What Doxygen reads of a header: the lines that say what it is for document the file, and what belongs to
# the namespaces of others is left out.

NR == 1 && /^\/\/ SPDX/ { print "/// @file"; next }
NR > 1 && !begun && /^\/\// { sub(/^\/\//, "///"); print; next }
{ begun = 1 }

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
