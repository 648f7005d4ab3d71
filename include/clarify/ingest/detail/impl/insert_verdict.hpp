// SPDX-License-Identifier: BSL-1.0
// Paths read back to columns and rows.

#ifndef CLARIFY_INGEST_DETAIL_IMPL_INSERT_VERDICT_HPP
#define CLARIFY_INGEST_DETAIL_IMPL_INSERT_VERDICT_HPP

#include <clarify/api/summaries.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/errc.hpp>
#include <clarify/core/rpc_error.hpp>
#include <clarify/ingest/detail/insert_verdict.hpp>

#include <boost/system/result.hpp>

#include <charconv>
#include <system_error>
#include <utility>

namespace clarify::detail {
namespace insert_verdict {

/// What is behind the beginning `prefix`, where a member or an element follows or nothing does.
inline std::optional<std::string_view> below(std::string_view path, std::string_view prefix) {
    if (!path.starts_with(prefix)) return std::nullopt;
    path.remove_prefix(prefix.size());
    if (!path.empty() && path.front() != '.' && path.front() != '[') return std::nullopt;
    return path;
}

/// `.3` or `[3]`.
inline std::optional<std::size_t> index_of(std::string_view text, std::size_t size) {
    if (text.size() < 2) return std::nullopt;
    if (text.front() == '[' && text.back() == ']') text.remove_suffix(1);
    text.remove_prefix(1);
    std::size_t index = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), index);
    if (ec != std::errc{} || end != text.data() + text.size() || index >= size) return std::nullopt;
    return index;
}

/// The column that a path below `data.series` names. Keys may have dots in them: the longest that
/// fits counts.
inline std::optional<BlamedPlace> place_in_series(std::string_view rest, const DataFrame& frame) {
    if (!rest.starts_with('.')) return std::nullopt;
    rest.remove_prefix(1);
    std::optional<BlamedPlace> place;
    std::size_t longest = 0;
    for (std::size_t end = rest.size(); end != 0; --end) {
        const std::string_view key = rest.substr(0, end);
        const std::string_view behind = rest.substr(end);
        if (!behind.empty() && behind.front() != '.' && behind.front() != '[') continue;
        const std::optional<std::size_t> column = frame.find(key);
        if (!column || end <= longest) continue;
        longest = end;
        place.emplace();
        place->column = *column;
        place->row = index_of(behind, frame.size());
    }
    return place;
}

/// Reads one path. Sets `in_data` where it leads into the samples, be it that it names none.
inline std::optional<BlamedPlace> place_of(
    std::string_view path, const DataFrame& frame, bool& in_data) {
    const auto rest = below(path, "data");
    if (!rest) return std::nullopt;
    in_data = true;
    if (const auto series = below(*rest, ".series")) return place_in_series(*series, frame);
    if (const auto times = below(*rest, ".times")) {
        if (const auto row = index_of(*times, frame.size())) {
            BlamedPlace place;
            place.row = row;
            return place;
        }
    }
    return std::nullopt;
}

/// The columns that a part of the result tells of.
inline std::vector<std::size_t> stored_columns(const ErrorData& data, const DataFrame& frame) {
    std::vector<std::size_t> columns;
    InsertResult part;
    if (data.partial_result.empty() || !read_json_text(data.partial_result, part)) return columns;
    for (const auto& [key, summary] : part.signals_by_input) {
        if (const auto column = frame.find(key)) columns.push_back(*column);
    }
    return columns;
}

}  // namespace insert_verdict

CLARIFY_DECL InsertVerdict judge_insert(const Error& error, const DataFrame& frame) {
    constexpr unsigned server_error = 500;
    InsertVerdict verdict;
    // What is between us and the service may have answered in its place.
    verdict.in_doubt = error.fate() == Fate::unknown || error.http_status() >= server_error;
    const bool says_too_large = error.http_status() == 413 ||
        (error.code() == Errc::bad_argument && error.reason() == Reason::request);
    if (says_too_large) {
        verdict.kind = InsertVerdict::Kind::divide;
        verdict.reason = "too large for a request";
        return verdict;
    }
    const RpcError* const rpc = error.code() == Errc::rpc ? error.rpc() : nullptr;
    if (rpc == nullptr) return verdict;
    const bool is_partial = rpc->code == RpcError::partial_failure;
    if (!is_partial && rpc->code != RpcError::invalid_params) return verdict;

    const ErrorData data = rpc->clarify_data();
    bool in_data = false;
    for (const auto& [path, message] : data.params) {
        auto place = insert_verdict::place_of(path, frame, in_data);
        if (!place) continue;
        place->reason = path + ": " + message;
        verdict.places.push_back(std::move(*place));
    }
    if (is_partial) verdict.stored = insert_verdict::stored_columns(data, frame);
    // Something else than the samples is to blame.
    if (!in_data && !data.params.empty() && verdict.stored.empty()) return verdict;
    verdict.kind = InsertVerdict::Kind::blame;
    verdict.reason = rpc->message;
    return verdict;
}

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_IMPL_INSERT_VERDICT_HPP
