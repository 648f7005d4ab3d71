// SPDX-License-Identifier: BSL-1.0
// What an `Error` holds beside its kind, and the line that it makes of it.

#ifndef CLARIFY_CORE_IMPL_ERROR_HPP
#define CLARIFY_CORE_IMPL_ERROR_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/core/error.hpp>

#include <algorithm>
#include <cstdint>

namespace clarify {
namespace detail {

/// The number, or the largest one that there is room for.
constexpr std::uint16_t within_16_bits(unsigned value) noexcept {
    return static_cast<std::uint16_t>((std::min)(value, 65'535U));
}

}  // namespace detail

CLARIFY_DECL Error::Error(Reason reason, Errc code, std::string message)
    : code_(code), reason_(reason) {
    if (!message.empty()) edit().message = std::move(message);
}

CLARIFY_DECL Error::Details& Error::edit() {
    if (!details_) {
        details_ = std::make_shared<Details>();
    } else if (details_.use_count() > 1) {
        details_ = std::make_shared<Details>(*details_);
    }
    return *details_;
}

CLARIFY_DECL std::string_view Error::message() const noexcept {
    return details_ ? std::string_view{details_->message} : std::string_view{};
}
CLARIFY_DECL std::optional<Phase> Error::token_step() const noexcept {
    return details_ ? details_->token_step : std::nullopt;
}
CLARIFY_DECL std::optional<TimePoint> Error::turn() const noexcept {
    return details_ ? details_->turn : std::nullopt;
}
CLARIFY_DECL boost::system::error_code Error::cause() const noexcept {
    return details_ ? details_->cause : boost::system::error_code{};
}
CLARIFY_DECL const RpcError* Error::rpc() const noexcept {
    return details_ && details_->rpc ? &*details_->rpc : nullptr;
}
CLARIFY_DECL const HttpFailure* Error::http() const noexcept {
    return details_ && details_->http ? &*details_->http : nullptr;
}
CLARIFY_DECL const InsertProgress* Error::insert_progress() const noexcept {
    return details_ ? details_->insert_progress.get() : nullptr;
}

CLARIFY_DECL Error& Error::set_phase(Phase value) noexcept {
    phase_ = value;
    return *this;
}
CLARIFY_DECL Error& Error::set_fate(Fate value) noexcept {
    fate_ = value;
    return *this;
}
CLARIFY_DECL Error& Error::set_http_status(unsigned value) noexcept {
    http_status_ = detail::within_16_bits(value);
    return *this;
}
CLARIFY_DECL Error& Error::set_attempts(unsigned value) noexcept {
    attempts_ = detail::within_16_bits(value);
    return *this;
}
CLARIFY_DECL Error& Error::set_token_step(Phase value) {
    edit().token_step = value;
    return *this;
}
CLARIFY_DECL Error& Error::set_turn(TimePoint value) {
    edit().turn = value;
    return *this;
}
CLARIFY_DECL Error& Error::add_message(std::string_view text) {
    std::string& message = edit().message;
    if (!message.empty()) message += "; ";
    message += text;
    return *this;
}
CLARIFY_DECL Error& Error::set_cause(boost::system::error_code value) {
    edit().cause = value;
    return *this;
}
CLARIFY_DECL Error& Error::set_rpc(RpcError value) {
    edit().rpc = std::move(value);
    return *this;
}
CLARIFY_DECL Error& Error::set_http(HttpFailure value) {
    http_status_ = detail::within_16_bits(value.status);
    edit().http = std::move(value);
    return *this;
}
CLARIFY_DECL Error& Error::set_insert_progress(std::shared_ptr<const InsertProgress> value) {
    edit().insert_progress = std::move(value);
    return *this;
}

namespace detail {

/// What a server says of parameters, as one text.
inline std::string faults_of_params(const RpcError& error) {
    // What is longer is not read for the sake of a line.
    constexpr std::size_t longest_data = 16 * 1024;
    std::string text;
    if (error.data.size() > longest_data) return text;
    for (const auto& [path, message] : error.clarify_data().params)
        text += (text.empty() ? "" : "; ") + path + ": " + message;
    return text;
}

}  // namespace detail

CLARIFY_DECL std::string Error::to_string() const {
    std::string text{clarify::to_string(code_)};
    if (reason_ != Reason::none) {
        text += '[';
        text += clarify::to_string(reason_);
        text += ']';
    }
    constexpr std::size_t longest = 1024;
    constexpr std::size_t longest_part = 400;
    const auto append = [&text](std::string_view part) {
        text += part.substr(0, longest_part);
        if (part.size() > longest_part) text += "...";
    };
    if (!message().empty()) {
        text += ": ";
        append(message());
    }
    if (cause()) {
        text += " (";
        append(cause().message());
        text += ')';
    }
    text += "; phase ";
    text += clarify::to_string(phase_);
    if (const std::optional<Phase> step = token_step()) {
        text += " (";
        text += clarify::to_string(*step);
        text += ')';
    }
    text += ", ";
    text += clarify::to_string(fate_);
    text += ", attempts ";
    text += std::to_string(attempts_);
    constexpr std::size_t shown = 200;
    if (const RpcError* error = rpc()) {
        text += "; server: code " + std::to_string(error->code) + ", " +
            detail::printable(error->message, shown);
        const std::string faults = detail::faults_of_params(*error);
        if (!faults.empty()) text += " (" + detail::printable(faults, shown) + ')';
    } else if (const HttpFailure* failure = http(); failure != nullptr && code_ != Errc::proxy) {
        text += "; server: HTTP " + std::to_string(failure->status);
        if (!failure->body_excerpt.empty()) {
            text += ", " + detail::printable(failure->body_excerpt, shown);
        }
    }
    return detail::printable_within(text, longest);
}

}  // namespace clarify

#endif  // CLARIFY_CORE_IMPL_ERROR_HPP
