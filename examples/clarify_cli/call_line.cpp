// SPDX-License-Identifier: BSL-1.0

#include <clarify/json/boost_json_codec.hpp>

#include "call_line.hpp"
#include "output.hpp"

#include <array>
#include <cstdio>
#include <map>
#include <utility>

namespace clarify_cli {
namespace {

/// The members of a line, each read by its name. Remembers the first that cannot be.
class Members {
public:
    explicit Members(std::map<std::string, JsonText> members) : members_(std::move(members)) {}

    /// Nothing where the member is missing or null.
    template <class T>
    std::optional<T> read(const std::string& name) {
        const JsonText* const value = find(name);
        if (value == nullptr || value->text == "null") return std::nullopt;
        clarify::Result<T> decoded = codec_.decode<T>(value->text);
        if (decoded) return std::move(*decoded);
        fail(name + ": " + std::string{decoded.error().message()});
        return std::nullopt;
    }

    /// A time that fits every clock: at most some ten years.
    std::optional<std::chrono::milliseconds> read_milliseconds(const std::string& name) {
        constexpr std::int64_t longest = std::int64_t{3660} * 24 * 3600 * 1000;
        const std::optional<std::int64_t> value = read<std::int64_t>(name);
        if (!value) return std::nullopt;
        if (*value < 0 || *value > longest) fail(name + ": is out of range");
        return std::chrono::milliseconds{*value};
    }

    const JsonText* find(const std::string& name) const {
        const auto found = members_.find(name);
        return found == members_.end() ? nullptr : &found->second;
    }

    void fail(std::string message) {
        if (!error_) {
            error_ = clarify::Error{
                clarify::Errc::bad_argument, clarify::Reason::fields, std::move(message)};
        }
    }
    const std::optional<clarify::Error>& error() const { return error_; }

private:
    clarify::BoostJsonCodec codec_;
    std::map<std::string, JsonText> members_;
    std::optional<clarify::Error> error_;
};

std::string milliseconds_text(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3f", value);
    return text.data();
}

}  // namespace

clarify::Result<CallLine> parse_call_line(std::string_view text) {
    const clarify::BoostJsonCodec codec;
    clarify::Result<std::map<std::string, JsonText>> object =
        codec.decode<std::map<std::string, JsonText>>(text);
    if (!object) return as_bad_argument(object.error(), "the line");

    Members members{std::move(*object)};
    CallLine line;
    const std::optional<std::string> method = members.read<std::string>("method");
    if (!method) members.fail("method: is missing");
    line.spec.method = method.value_or("");
    line.spec.params = members.read<JsonText>("params");
    line.spec.notify = members.read<bool>("notify").value_or(false);
    line.spec.options.idempotent = members.read<bool>("idempotent");
    line.spec.options.timeout = members.read_milliseconds("timeout_ms");
    line.start_after = members.read_milliseconds("start_ms").value_or(line.start_after);
    line.cancel_after = members.read_milliseconds("cancel_ms");
    if (members.find("api_version") != nullptr) {
        line.spec.options.api_version =
            api_version(members.read<std::string>("api_version").value_or(""));
    }
    if (members.error()) return *members.error();
    return line;
}

std::string outcome_line(
    std::uint64_t number, const clarify::Result<JsonText>& outcome, Span span) {
    std::string out = "{\"line\":" + std::to_string(number);
    if (outcome) {
        out += ",\"ok\":true,\"result\":" + compact(*outcome);
    } else {
        out += ",\"ok\":false,\"error\":" + error_json(outcome.error());
    }
    out += ",\"start_ms\":" + milliseconds_text(span.start_ms);
    out += ",\"end_ms\":" + milliseconds_text(span.end_ms) + "}\n";
    return out;
}

}  // namespace clarify_cli
