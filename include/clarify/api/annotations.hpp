// SPDX-License-Identifier: BSL-1.0
// Notes that programs leave on signals and items.

#ifndef CLARIFY_API_ANNOTATIONS_HPP
#define CLARIFY_API_ANNOTATIONS_HPP

#include <functional>
#include <map>
#include <string>

namespace clarify {

/** Key and text, for programs rather than for people: Clarify shows them nowhere.

    Keys follow `is_annotation_key`. Programs share them, so begin yours with a name of its own, such
    as `example-corp/importer/`. Resource filters find them as `annotations.<key>`.

    Reading gives all annotations of a resource. Saving names changes only: a key that is not
    mentioned keeps its text, and an empty text removes the key. (The API's reference does not spell
    this out; it is how clarify-go uses it.) Annotations are no part of a resource's hashes.
*/
using Annotations = std::map<std::string, std::string, std::less<>>;

}  // namespace clarify

#endif  // CLARIFY_API_ANNOTATIONS_HPP
