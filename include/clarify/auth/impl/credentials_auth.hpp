// SPDX-License-Identifier: BSL-1.0
// How what is sent is replaced, by a call or by a file, while calls are on their way.

#ifndef CLARIFY_AUTH_IMPL_CREDENTIALS_AUTH_HPP
#define CLARIFY_AUTH_IMPL_CREDENTIALS_AUTH_HPP

#include <clarify/auth/credentials_auth.hpp>
#include <clarify/core/detail/follower.hpp>

#include <utility>
#include <variant>
#include <vector>

// GCC 12 takes Asio's own deallocation of a coroutine frame for a mismatch when it inlines one
// half.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace clarify {
namespace detail {

/// Why there is no token, with what to look at in the credentials.
inline Error with_advice(Error error) {
    if (error.code() != Errc::token || error.reason() != Reason::denied) return error;
    const unsigned status = error.http() != nullptr ? error.http()->status : 0;
    if (status == 404 || status == 405) {
        return error.add_message(
            "check the URL of the API, which ends in its version, such as /v1/");
    }
    return error.add_message(
        "check client id and secret; a user and password of Basic authentication have the type "
        "basic-auth");
}

}  // namespace detail

CLARIFY_DECL void CredentialsAuth::follow(
    const std::filesystem::path& path,
    std::size_t max_size,
    std::function<Result<CredentialsAuth>()> make) {
    std::vector<detail::FollowedPath> paths;
    paths.push_back({path, max_size});
    following_ = std::make_shared<Following>(std::move(paths), std::move(make), true);
}

template <class>
std::optional<AuthHeader> CredentialsAuth::cached(AuthContext& context) {
    if (following_ && following_->wants_look(context.now())) return std::nullopt;
    return std::visit([&](auto& scheme) { return scheme.cached(context); }, scheme_);
}

template <class>
boost::asio::awaitable<Result<AuthHeader>> CredentialsAuth::authorize(
    AuthContext& context, TimePoint deadline) {
    const auto ask = [&](auto& scheme) { return scheme.authorize(context, deadline); };
    if (following_ && following_->wants_look(context.now())) {
        if (co_await look(context, deadline)) {
            Error error{Errc::cancelled, Reason::none, "cancelled while looking at a file"};
            co_return error.set_phase(Phase::token);
        }
    }
    for (;;) {
        const std::uint64_t identity = identity_;
        // It may be replaced meanwhile; what it has begun goes on in what it shares.
        Scheme scheme = scheme_;
        Result<AuthHeader> got = co_await std::visit(ask, scheme);
        const bool replaced = identity != identity_;
        // A header of another identity must not go to the new one's address.
        if (replaced && (got || got.error().code() != Errc::cancelled)) continue;
        if (!got) co_return detail::with_advice(got.error());
        co_return got;
    }
}

template <class>
bool CredentialsAuth::rejected(AuthContext& context, const AuthHeader& header) {
    if (std::visit([&](auto& scheme) { return scheme.rejected(context, header); }, scheme_))
        return true;
    const std::optional<AuthHeader> now =
        std::visit([&](auto& scheme) { return scheme.cached(context); }, scheme_);
    return now && *now && *now != header;
}

CLARIFY_DECL void CredentialsAuth::replace(AuthContext& context, CredentialsAuth other) {
    following_ = std::move(other.following_);
    adopt(context, std::move(other));
}

CLARIFY_DECL bool CredentialsAuth::has_identity_of(const CredentialsAuth& other) const noexcept {
    return endpoint_ && other.endpoint_ && *endpoint_ == *other.endpoint_ &&
        client_id_ == other.client_id_ && scheme_.index() == other.scheme_.index();
}

CLARIFY_DECL void CredentialsAuth::adopt(AuthContext& context, CredentialsAuth other) {
    if (has_identity_of(other)) {
        auto* const mine = std::get_if<ClientCredentials>(&scheme_);
        if (mine != nullptr) {
            mine->renew(std::get<ClientCredentials>(other.scheme_));
        } else {
            scheme_ = std::move(other.scheme_);
        }
        return;
    }
    scheme_ = std::move(other.scheme_);
    if (other.endpoint_) moved_to_ = other.endpoint_;
    endpoint_ = std::move(other.endpoint_);
    client_id_ = std::move(other.client_id_);
    ++identity_;
    context.identity_changed();
}

/// Looks at the file, and makes what it shows take effect. True if the wait was cancelled.
template <class>
boost::asio::awaitable<bool> CredentialsAuth::look(AuthContext& context, TimePoint deadline) {
    const std::shared_ptr<Following> following = following_;
    const bool cancelled = co_await following->look(context.get_executor(), deadline);
    // Replaced by somebody while this looked.
    if (following != following_) co_return cancelled;
    Following::News news = following->take_news();
    if (news.product) adopt(context, std::move(*news.product));
    detail::tell_news(news.changed, news.trouble, context.now(), [&](const Event& event) {
        context.observe(event);
    });
    co_return cancelled;
}

}  // namespace clarify

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#endif  // CLARIFY_AUTH_IMPL_CREDENTIALS_AUTH_HPP
