// SPDX-License-Identifier: BSL-1.0
// The client behind the commands. Only session.cpp includes the library's client, which takes long
// to compile.

#ifndef CLARIFY_CLI_SESSION_HPP
#define CLARIFY_CLI_SESSION_HPP

#include <clarify/client_options.hpp>
#include <clarify/core/result.hpp>

#include "json_text.hpp"
#include "options.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace clarify_cli {

/// One call or notification.
struct CallSpec {
    std::string method;
    std::optional<JsonText> params;
    bool notify = false;
    clarify::CallOptions options;
};

/** Makes calls with the credentials that the command line names.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class Session {
public:
    /// Receives the result, which is null for a notification.
    using Done = std::function<void(clarify::Result<JsonText>)>;

    /** Reads the credentials, and prints what they warn of. Connects to nothing yet.

        @param in_flight How many calls there will be at a time.
        @par Errors
        `Errc::bad_config`.
    */
    static clarify::Result<Session> open(
        boost::asio::any_io_executor executor, const CommonOptions& options, std::size_t in_flight);

    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;
    ~Session();

    /// Starts a call. `done` runs on the executor, never inside of this function.
    void start(const CallSpec& call, boost::asio::cancellation_slot slot, Done done);

private:
    friend class ApiSession;
    struct Impl;
    explicit Session(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

/// The version header that `selector` stands for; none where it is empty or `none`.
clarify::ApiVersion api_version(const std::string& selector);

/// Where tokens are kept: `given`, or the usual folder. Empty where there is none.
std::filesystem::path token_folder(const std::string& given);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_SESSION_HPP
