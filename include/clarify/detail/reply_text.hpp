// SPDX-License-Identifier: BSL-1.0
// What people may see of a reply, and what its header fields say. No I/O.

#ifndef CLARIFY_DETAIL_REPLY_TEXT_HPP
#define CLARIFY_DETAIL_REPLY_TEXT_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/scrub.hpp>
#include <clarify/core/detail/text.hpp>
#include <clarify/core/error.hpp>
#include <clarify/core/rpc_error.hpp>
#include <clarify/core/url.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace clarify::detail {

/// Cuts `text` at each `separator` that is not inside a quoted string (RFC 9110 section 5.6.4), and
/// calls `on_part` for what is between, trimmed.
template <class OnPart>
void for_each_part(std::string_view text, char separator, OnPart on_part) {
    bool quoted = false;
    std::size_t from = 0;
    for (std::size_t at = 0; at != text.size(); ++at) {
        if (text[at] == '"') quoted = !quoted;
        if (quoted && text[at] == '\\' && at + 1 != text.size()) ++at;
        if (quoted || text[at] != separator) continue;
        on_part(trim(text.substr(from, at - from)));
        from = at + 1;
    }
    on_part(trim(text.substr(from)));
}

/// Is this one media type JSON, in an encoding that JSON has?
inline bool is_json_type(std::string_view text) {
    bool is_json = false;
    bool first = true;
    for_each_part(text, ';', [&](std::string_view part) {
        if (std::exchange(first, false)) {
            constexpr std::string_view tree = "application/";
            constexpr std::string_view suffix = "+json";
            // The types that early JSON-RPC over HTTP registered are still in use.
            is_json = iequals(part, "application/json") || iequals(part, "application/json-rpc") ||
                iequals(part, "application/jsonrequest") ||
                (part.size() > tree.size() + suffix.size() &&
                 iequals(part.substr(0, tree.size()), tree) &&
                 iequals(part.substr(part.size() - suffix.size()), suffix));
            return;
        }
        constexpr std::string_view charset = "charset=";
        if (part.size() < charset.size() || !iequals(part.substr(0, charset.size()), charset))
            return;
        std::string_view value = part.substr(charset.size());
        if (value.size() > 1 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        if (!iequals(value, "utf-8") && !iequals(value, "utf8") && !iequals(value, "us-ascii"))
            is_json = false;
    });
    return is_json;
}

/// Is the body declared as JSON? A missing field counts as yes; of several, each has to say so.
inline bool is_json_content(std::string_view content_type) {
    if (content_type.empty()) return true;
    bool all = true;
    for_each_part(
        content_type, ',', [&all](std::string_view part) { all = all && is_json_type(part); });
    return all;
}

/// Part of a body for people to read, see `HttpFailure::body_excerpt`: its beginning, or where
/// something is wrong at `offset` far behind that, what is around it.
inline std::string body_excerpt(
    std::string_view body, const Scrubber& scrubber, std::size_t limit, std::size_t offset = 0) {
    if (limit == 0) return {};
    const std::size_t from =
        offset < limit / 4 ? 0 : scrubber.behind_secret(body, offset - limit / 8);
    // One byte more than may be shown, so that a cut is seen.
    std::string text = scrubber.scrubbed_front(body.substr(from), limit + 1);
    if (from != 0) text.insert(0, "...");
    return printable_within(text, limit);
}

/// Scheme, host and port of a `Location`, or an empty text.
inline std::string location_origin(std::string_view location, const Scrubber& scrubber) {
    constexpr std::string_view mark = "://";
    const std::size_t scheme = location.find(mark);
    if (scheme == std::string_view::npos) return {};
    std::string_view authority = location.substr(scheme + mark.size());
    authority = authority.substr(0, authority.find_first_of("/?#\\"));
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos)
        authority.remove_prefix(at + 1);
    std::string text{location.substr(0, scheme + mark.size())};
    text += authority;
    const Result<Url> target = Url::parse(text);
    if (!target) return {};
    // As it was written: an origin is in lower case, in which a secret would not be known again.
    std::string origin = target->origin();
    return scrubber.scrub(text) || scrubber.scrub(origin) ? text : origin;
}

/// The trace context of a reply is shown to people: it must look like one, and be no echo of the
/// credentials.
inline bool is_trace_context(
    std::string_view text, std::string_view authorization, std::string_view kept = {}) {
    constexpr std::size_t longest = 128;
    return text.empty() ||
        (text.size() <= longest &&
         text.find_first_not_of("0123456789abcdef-") == std::string_view::npos &&
         !Scrubber{authorization, kept}.finds(text));
}

/// What the server says, without the credentials it may repeat.
inline RpcError scrubbed(RpcError said, const Scrubber& scrubber) {
    scrubber.scrub(said.message);
    if (scrubber.scrub(said.data)) {
        JsonScanner scanner{said.data, json_depth_ceiling};
        scanner.document();
        if (!scanner.ok()) said.data = "\"****\"";
    }
    return said;
}

inline Error scrubbed(const Error& error, const Scrubber& scrubber) {
    const RpcError* const said = error.rpc();
    if (said == nullptr || !(scrubber.finds(said->message) || scrubber.finds(said->data)))
        return error;
    Error clean = error;
    return clean.set_rpc(scrubbed(*said, scrubber));
}

/** What a codec says of a `result` that it could not decode, without the credentials that may be in it.

    A place in the result is told by the names of its members, which the server chose; and they are
    made printable and cut, so that a secret in them would not be known again. So it is looked for in
    the result, and where it is there, nothing is told of the place.
*/
inline Error without_place(Error error, std::string_view result, const Scrubber& scrubber) {
    if (error.message().empty() || !scrubber.finds(result)) return error;
    return Error{
        error.code(),
        error.reason(),
        "it is not told where, for the result repeats the credentials"};
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_REPLY_TEXT_HPP
