// SPDX-License-Identifier: BSL-1.0
// The way to Clarify: a client, which may be replaced while the gateway runs.

#ifndef CLARIFY_GATEWAY_CLARIFY_LINK_HPP
#define CLARIFY_GATEWAY_CLARIFY_LINK_HPP

#include <clarify/client.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gateway {

/// A client, and the integration that it writes to unless a sender says otherwise.
struct ClarifyLink {
    ClarifyLink(
        boost::asio::any_io_executor executor,
        const clarify::Credentials& credentials,
        const clarify::ClientOptions& options)
        : client(std::move(executor), at_its_address(credentials), options),
          api_url(credentials.api_url().to_string()),
          integration(credentials.integration()) {}

    clarify::Client client;
    const std::string api_url;
    const std::string integration;

private:
    /// The client follows their file by itself, but for where samples go that is decided here.
    static clarify::Credentials at_its_address(const clarify::Credentials& credentials) {
        return credentials.with_api_url(credentials.api_url().to_string()).value();
    }
};

/** The link in use. A request keeps the one it began with, so that the client of old credentials
    lives until its last call has ended.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class CurrentLink {
public:
    std::shared_ptr<ClarifyLink> get() const;
    void replace(std::shared_ptr<ClarifyLink> link);
    /// Calls in flight, through old links too, end with `Errc::closed`, and so do new ones.
    void close();

private:
    mutable std::mutex mutex_;
    std::shared_ptr<ClarifyLink> current_;
    std::vector<std::weak_ptr<ClarifyLink>> all_;
};

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_CLARIFY_LINK_HPP
