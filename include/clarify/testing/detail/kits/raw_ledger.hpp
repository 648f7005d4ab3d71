// SPDX-License-Identifier: BSL-1.0
// What reached a server, and what the test tells its scripts.

#ifndef CLARIFY_TESTING_DETAIL_KITS_RAW_LEDGER_HPP
#define CLARIFY_TESTING_DETAIL_KITS_RAW_LEDGER_HPP

#include <clarify/core/detail/text.hpp>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/// A request as it arrived.
struct RawRequest {
    std::string head;
    std::string body;

    /// The header fields in their order, names in lower case.
    std::vector<std::pair<std::string, std::string>> fields() const;
    /// The value of a header, or nothing.
    std::optional<std::string> header(std::string_view name) const;
    /// The JSON-RPC id as it stands in the body, or an empty text.
    std::string id() const {
        const std::size_t at = body.find("\"id\":");
        if (at == std::string::npos) return {};
        return body.substr(at + 5, body.find_first_of(",}", at) - at - 5);
    }
};

/// What reached a server, and what the test tells its scripts. All members are thread-safe.
class RawLedger {
public:
    struct Arrival {
        /// Counted from 1, in the order of acceptance.
        int connection = 0;
        RawRequest request;
    };

    /// All complete requests, in the order of their arrival.
    std::vector<Arrival> requests() const {
        const std::lock_guard lock{mutex_};
        return arrivals_;
    }
    std::size_t request_count() const {
        const std::lock_guard lock{mutex_};
        return arrivals_.size();
    }
    /// Bytes that arrived over all connections; those of a TLS connection count once decrypted.
    std::size_t bytes() const {
        const std::lock_guard lock{mutex_};
        return bytes_;
    }
    /// Has the client ended this connection, as a script that read or wrote has noticed?
    bool closed_by_client(int connection) const {
        const std::lock_guard lock{mutex_};
        return closed_.count(connection) != 0;
    }
    /// How many connections the client has ended.
    std::size_t closed_by_client() const {
        const std::lock_guard lock{mutex_};
        return closed_.size();
    }

    /// Lets the scripts that wait in `RawPeer::await_release` go on, now and later.
    void release() {
        const std::lock_guard lock{mutex_};
        released_ = true;
        changed_.notify_all();
    }

    // For the server and its peers.
    void add(int connection, const RawRequest& request) {
        const std::lock_guard lock{mutex_};
        arrivals_.push_back({connection, request});
    }
    void add_bytes(std::size_t count) {
        const std::lock_guard lock{mutex_};
        bytes_ += count;
    }
    void add_closed(int connection) {
        const std::lock_guard lock{mutex_};
        if (!stopping_) closed_.insert(connection);
    }
    void stop() {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        changed_.notify_all();
    }
    void await_release() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return released_ || stopping_; });
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Arrival> arrivals_;
    std::set<int> closed_;
    std::size_t bytes_ = 0;
    bool released_ = false;
    bool stopping_ = false;
};

inline std::vector<std::pair<std::string, std::string>> RawRequest::fields() const {
    std::vector<std::pair<std::string, std::string>> out;
    std::size_t from = head.find("\r\n");
    while (from != std::string::npos) {
        from += 2;
        const std::size_t end = head.find("\r\n", from);
        const std::size_t colon = head.find(':', from);
        if (end == std::string::npos || colon == std::string::npos || colon > end) break;
        // Blanks around the value do not belong to it (RFC 9112 section 5).
        const std::string_view line{head.data() + from, end - from};
        out.emplace_back(
            clarify::detail::lower(line.substr(0, colon - from)),
            clarify::detail::trim(line.substr(colon - from + 1)));
        from = end;
    }
    return out;
}

inline std::optional<std::string> RawRequest::header(std::string_view name) const {
    const std::string wanted = clarify::detail::lower(name);
    for (auto& [field, value] : fields()) {
        if (field == wanted) return std::move(value);
    }
    return std::nullopt;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_RAW_LEDGER_HPP
