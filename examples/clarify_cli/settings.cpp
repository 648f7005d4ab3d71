// SPDX-License-Identifier: BSL-1.0

#include <clarify/credentials.hpp>

#include "settings.hpp"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <variant>
#include <vector>

namespace clarify_cli {
namespace {

using Time = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

/// One setting: its name, and where it is.
struct Setting {
    template <class T>
    using Place = T* (*)(Limits&);

    std::string_view name;
    std::variant<Place<Time>, Place<Seconds>, Place<std::size_t>, Place<unsigned>> place;
};

// A lambda without captures becomes the pointer that fits its result.
const std::vector<Setting>& settings() {
    static const std::vector<Setting> all{
        {"call_timeout", +[](Limits& o) { return &o.client.call_timeout; }},
        {"attempt_timeout", +[](Limits& o) { return &o.client.attempt_timeout; }},
        {"connect_timeout", +[](Limits& o) { return &o.client.http.connect_timeout; }},
        {"address_timeout", +[](Limits& o) { return &o.client.http.address_timeout; }},
        {"connect_stagger", +[](Limits& o) { return &o.client.http.connect_stagger; }},
        {"proxy_timeout", +[](Limits& o) { return &o.client.http.proxy_timeout; }},
        {"tls_timeout", +[](Limits& o) { return &o.client.http.tls_timeout; }},
        {"idle_timeout", +[](Limits& o) { return &o.client.http.idle_timeout; }},
        {"connection_lifetime", +[](Limits& o) { return &o.client.http.connection_lifetime; }},
        {"max_connections", +[](Limits& o) { return &o.client.http.max_connections; }},
        {"max_waiting", +[](Limits& o) { return &o.client.http.max_waiting; }},
        {"max_response_head", +[](Limits& o) { return &o.client.http.max_response_head; }},
        {"max_response_fields", +[](Limits& o) { return &o.client.http.max_response_fields; }},
        {"max_interim_responses", +[](Limits& o) { return &o.client.http.max_interim_responses; }},
        {"max_chunk_line", +[](Limits& o) { return &o.client.http.max_chunk_line; }},
        {"max_chunk_extras", +[](Limits& o) { return &o.client.http.max_chunk_extras; }},
        {"max_tls_sessions", +[](Limits& o) { return &o.client.http.tls.max_sessions; }},
        {"max_request_body", +[](Limits& o) { return &o.client.max_request_body; }},
        {"max_response_body", +[](Limits& o) { return &o.client.max_response_body; }},
        {"max_json_depth", +[](Limits& o) { return &o.client.max_json_depth; }},
        {"max_json_memory", +[](Limits& o) { return &o.client.max_json_memory; }},
        {"max_body_excerpt", +[](Limits& o) { return &o.client.max_body_excerpt; }},
        {"max_token_reply", +[](Limits& o) { return &o.client.token.max_reply; }},
        {"max_token", +[](Limits& o) { return &o.client.token.max_token; }},
        {"max_credentials", +[](Limits& o) { return &o.max_credentials; }},
        {"attempts", +[](Limits& o) { return &o.client.retry.attempts; }},
        {"retry_base", +[](Limits& o) { return &o.client.retry.base; }},
        {"retry_throttled_base", +[](Limits& o) { return &o.client.retry.throttled_base; }},
        {"retry_cap", +[](Limits& o) { return &o.client.retry.cap; }},
        {"longest_retry_after", +[](Limits& o) { return &o.client.retry.longest_retry_after; }},
        {"retry_budget", +[](Limits& o) { return &o.client.retry.budget; }},
        {"token_timeout", +[](Limits& o) { return &o.client.token.fetch_timeout; }},
        {"token_attempts", +[](Limits& o) { return &o.client.token.attempts; }},
        {"token_renewal_margin", +[](Limits& o) { return &o.client.token.times.renewal_margin; }},
        {"token_default_lifetime",
         +[](Limits& o) { return &o.client.token.times.default_lifetime; }},
        {"token_first_pause", +[](Limits& o) { return &o.client.token.times.first_pause; }},
        {"token_longest_pause", +[](Limits& o) { return &o.client.token.times.longest_pause; }},
    };
    return all;
}

bool assign(Time& member, std::string_view text) {
    const std::optional<Time> value = parse_time(text);
    if (value) member = *value;
    return value.has_value();
}

bool assign(Seconds& member, std::string_view text) {
    const std::optional<Time> value = parse_time(text);
    if (!value || *value % Seconds{1} != Time{0}) return false;
    member = std::chrono::duration_cast<Seconds>(*value);
    return true;
}

bool assign(std::size_t& member, std::string_view text) {
    const std::optional<std::size_t> value = parse_size(text);
    if (value) member = *value;
    return value.has_value();
}

bool assign(unsigned& member, std::string_view text) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), member);
    return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

std::string written(Time value) { return std::to_string(value.count()) + "ms"; }
std::string written(Seconds value) { return std::to_string(value.count()) + "s"; }
std::string written(std::size_t value) { return std::to_string(value); }
std::string written(unsigned value) { return std::to_string(value); }

}  // namespace

std::optional<std::size_t> parse_size(std::string_view text) {
    unsigned shift = 0;
    if (text.ends_with("KiB")) shift = 10;
    if (text.ends_with("MiB")) shift = 20;
    if (text.ends_with("GiB")) shift = 30;
    if (shift != 0) text.remove_suffix(3);
    std::size_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    constexpr std::size_t largest = std::size_t{1} << 40U;
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || value > largest)
        return std::nullopt;
    return value << shift;
}

std::optional<std::chrono::milliseconds> parse_time(std::string_view text) {
    double scale = 1000;
    if (text.ends_with("ms")) {
        scale = 1;
        text.remove_suffix(2);
    } else if (text.ends_with('s')) {
        text.remove_suffix(1);
    }
    const std::string number{text};
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    const bool is_decimal = number.find_first_not_of("0123456789.") == std::string::npos;
    if (!is_decimal || number.empty() || *end != '\0') return std::nullopt;
    const double milliseconds = std::ceil(value * scale);
    constexpr double longest = 366.0 * 24 * 3600 * 1000;
    if (!(milliseconds >= 1 && milliseconds <= longest)) return std::nullopt;
    return std::chrono::milliseconds{static_cast<std::int64_t>(milliseconds)};
}

Limits::Limits() : max_credentials(clarify::Credentials::default_max_size) {}

std::string set_option(Limits& limits, std::string_view assignment) {
    const std::size_t equals = assignment.find('=');
    const std::string_view name = assignment.substr(0, equals);
    for (const Setting& setting : settings()) {
        if (setting.name != name) continue;
        const std::string_view value =
            equals == std::string_view::npos ? std::string_view{} : assignment.substr(equals + 1);
        const bool done =
            std::visit([&](auto place) { return assign(*place(limits), value); }, setting.place);
        return done ? std::string{} : std::string{name} + " has no such value";
    }
    return "there is no limit of the name " + std::string{name};
}

std::string option_names() {
    Limits defaults;
    std::string out;
    for (const Setting& setting : settings()) {
        out += "  ";
        out += setting.name;
        out += '=';
        out += std::visit([&](auto place) { return written(*place(defaults)); }, setting.place);
        out += '\n';
    }
    return out;
}

}  // namespace clarify_cli
