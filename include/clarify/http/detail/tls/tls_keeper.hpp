// SPDX-License-Identifier: BSL-1.0
// The TLS terms that new connections are opened on: made at the first use, and anew when files
// change.

#ifndef CLARIFY_HTTP_DETAIL_TLS_TLS_KEEPER_HPP
#define CLARIFY_HTTP_DETAIL_TLS_TLS_KEEPER_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/follower.hpp>
#include <clarify/core/result.hpp>
#include <clarify/http/detail/tls/tls_context.hpp>
#include <clarify/http/detail/tls/tls_material.hpp>
#include <clarify/http/http_options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace clarify::detail {

/** Keeps what is made of files in force, and follows the files.

    `Made` is what a look makes. `take` is called with it, and `has` says whether anything was ever
    taken. Used on one serial executor.
*/
template <class Made>
class KeptFiles {
public:
    /// Without files there is nothing to follow, and `obtain` does nothing.
    KeptFiles(std::vector<FollowedPath> paths, typename Follower<Made>::Make make)
        : follower_(
              paths.empty() ? nullptr
                            : std::make_shared<Follower<Made>>(std::move(paths), std::move(make))) {
        if (follower_) settle_before_openssl();
    }

    bool follows() const noexcept { return follower_ != nullptr; }
    void distrust() noexcept { follower_->distrust(); }

    /** Sees to it that what is in force is what the files hold, as far as that can be known before
        `until`. Fails where nothing is in force, and nothing can be made of the files.
    */
    template <class Take>
    boost::asio::awaitable<Result<void>> follow(
        boost::asio::any_io_executor executor,
        TimePoint until,
        const Observer& observer,
        Take take) {
        const std::shared_ptr<Follower<Made>> follower = follower_;
        if (follower->wants_look(time_on(executor)) && co_await follower->look(executor, until)) {
            Error error{Errc::cancelled};
            co_return error.set_phase(Phase::tls);
        }
        typename Follower<Made>::News news = follower->take_news();
        if (news.trouble) trouble_ = news.trouble;
        if (news.product) {
            take(std::move(*news.product));
            in_force_ = true;
        }
        // Where nothing is in force, the call that fails says so.
        if (in_force_ && observer) {
            tell_news(news.changed, news.trouble, time_on(executor), observer);
        }
        if (in_force_) co_return Result<void>{};
        if (trouble_) co_return *trouble_;
        Error error{time_on(executor) >= until ? Errc::timeout : Errc::internal};
        if (error.code() == Errc::internal) error = Error{Errc::internal, Reason::resource};
        co_return error.set_phase(Phase::tls);
    }

private:
    std::shared_ptr<Follower<Made>> follower_;
    /// Why nothing is in force.
    std::optional<Error> trouble_;
    bool in_force_ = false;
};

/// Those of BeastBackend.
class TlsKeeper {
public:
    /// `options` must outlive the keeper.
    explicit TlsKeeper(const HttpOptions& options)
        : options_(options), files_(followed_tls_files(options.tls, true), [tls = options.tls] {
              return TlsTerms::make(tls);
          }) {}

    /** The terms for a new connection, which must be open before `until`.

        Where the options name files, or the system's trust store is used, these are looked at first,
        at most once a second. Those in force stay so where that takes long, or where what was found
        cannot be used. Fails like `make_tls_context` where none are in force.
    */
    template <class = void>
    boost::asio::awaitable<Result<std::shared_ptr<TlsTerms>>> obtain(
        boost::asio::any_io_executor executor, TimePoint until) {
        // Reading the system's trust store takes a while: not again for each call to a bad server.
        constexpr std::chrono::seconds pause{1};
        const TimePoint now = time_on(executor);
        const bool doubtful = terms_ && terms_->doubtful() && now - made_at_ >= pause;
        if (files_.follows()) {
            if (doubtful) files_.distrust();
            const Result<void> followed = co_await files_.follow(
                executor, until, options_.observer, [&](std::unique_ptr<TlsTerms> made) {
                    terms_ = std::move(made);
                    made_at_ = time_on(executor);
                });
            if (!followed) co_return followed.error();
        } else if (!terms_ || doubtful) {
            Result<std::unique_ptr<TlsTerms>> made = TlsTerms::make(options_.tls);
            if (!made) co_return made.error();
            terms_ = std::move(*made);
            made_at_ = now;
        }
        co_return terms_;
    }

    /// A child process has others.
    void forget_sessions() noexcept {
        if (terms_) terms_->sessions().clear();
    }

private:
    const HttpOptions& options_;
    KeptFiles<std::unique_ptr<TlsTerms>> files_;
    std::shared_ptr<TlsTerms> terms_;
    TimePoint made_at_{};
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_TLS_TLS_KEEPER_HPP
