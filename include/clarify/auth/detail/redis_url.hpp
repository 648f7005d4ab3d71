// SPDX-License-Identifier: BSL-1.0
// Where a Redis is and who asks it, from one line of text.

#ifndef CLARIFY_AUTH_DETAIL_REDIS_URL_HPP
#define CLARIFY_AUTH_DETAIL_REDIS_URL_HPP

#include <clarify/core/detail/encoding.hpp>
#include <clarify/core/detail/text.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>
#include <clarify/core/url.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace clarify::detail {

/// `redis://[[user]:password@]host[:port][/database]`, or the same with `rediss` for TLS.
class RedisUrl {
public:
    /// Fails with `Errc::bad_config`, `Reason::url`; the message repeats nothing of `text`.
    static Result<RedisUrl> parse(std::string_view text) {
        const std::size_t colon = text.find("://");
        const std::string scheme =
            lower(text.substr(0, colon == std::string_view::npos ? 0 : colon));
        if (scheme != "redis" && scheme != "rediss")
            return unusable("the URL of Redis begins with neither redis:// nor rediss://");
        text.remove_prefix(colon + 3);
        const std::size_t end = (std::min)(text.find('/'), text.size());
        std::string_view authority = text.substr(0, end);
        const std::string_view path = text.substr(end);

        const std::size_t at = authority.rfind('@');
        std::string_view user;
        if (at != std::string_view::npos) {
            user = authority.substr(0, at);
            authority.remove_prefix(at + 1);
        }
        // The rest is as strict as it is for other servers.
        std::string place = (scheme == "rediss" ? "https://" : "http://") + std::string{authority};
        const std::size_t host = (std::min)(authority.rfind(']'), authority.size());
        const bool has_port =
            authority.find(':', host == authority.size() ? 0 : host) != std::string_view::npos;
        if (!has_port) place += ":6379";
        Result<Url> server = Url::parse(place);
        if (!server) return server.error();
        RedisUrl out{std::move(*server)};
        if (at != std::string_view::npos && !out.read_user(user))
            return unusable("the URL of Redis has no user:password before the @");
        if (!out.read_database(path))
            return unusable("the URL of Redis has no number of a database behind the host");
        return out;
    }

    /// Host and port; https stands for TLS.
    const Url& server() const noexcept { return server_; }
    /// Empty for the default user.
    const std::string& user() const noexcept { return user_; }
    /// Empty where none is asked for.
    const Secret& password() const noexcept { return password_; }
    unsigned database() const noexcept { return database_; }

private:
    explicit RedisUrl(Url server) : server_(std::move(server)) {}

    static Error unusable(const char* why) { return Error{Errc::bad_config, Reason::url, why}; }

    bool read_user(std::string_view text) {
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos) return false;
        std::optional<std::string> user = percent_decoded(text.substr(0, colon));
        std::optional<std::string> password = percent_decoded(text.substr(colon + 1));
        if (!user || !password || password->empty()) return false;
        user_ = std::move(*user);
        password_ = Secret{std::move(*password)};
        return true;
    }
    bool read_database(std::string_view path) noexcept {
        if (path.empty() || path == "/") return true;
        const char* const end = path.data() + path.size();
        const auto [stop, failed] = std::from_chars(path.data() + 1, end, database_);
        constexpr unsigned most = 1'000'000;
        return failed == std::errc{} && stop == end && database_ <= most;
    }

    Url server_;
    std::string user_;
    Secret password_;
    unsigned database_ = 0;
};

}  // namespace clarify::detail

#endif  // CLARIFY_AUTH_DETAIL_REDIS_URL_HPP
