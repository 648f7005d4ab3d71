// SPDX-License-Identifier: BSL-1.0

#include "planned_fault.hpp"

#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

namespace clarify_cli {
namespace {

using clarify::testing::ReplyFault;

constexpr std::pair<std::string_view, ReplyFault> reply_faults[] = {
    {"slow", ReplyFault::slow},
    {"truncated", ReplyFault::truncated},
    {"wrong-id", ReplyFault::wrong_id},
    {"html", ReplyFault::html},
    {"reset", ReplyFault::reset},
};

/// A whole number that is all of `text`.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

}  // namespace

std::optional<PlannedFault> parse_fault(std::string_view text) {
    PlannedFault fault;
    const std::size_t times = text.find('x');
    if (times != std::string_view::npos) {
        const auto count = parse_number<unsigned>(text.substr(times + 1));
        if (!count || *count == 0) return std::nullopt;
        fault.count = *count;
        text = text.substr(0, times);
    }
    for (const auto& [name, reply] : reply_faults) {
        if (text != name) continue;
        fault.what = reply;
        return fault;
    }
    const auto number = parse_number<int>(text);
    if (!number) return std::nullopt;
    if (*number < 0) {
        fault.what = PlannedFault::RpcCode{*number};
        return fault;
    }
    if (*number < 400 || *number > 599) return std::nullopt;
    fault.what = PlannedFault::Status{static_cast<unsigned>(*number)};
    return fault;
}

}  // namespace clarify_cli
