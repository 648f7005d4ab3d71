// SPDX-License-Identifier: BSL-1.0
// The one error type of the library, and the exception made of it.

#ifndef CLARIFY_CORE_ERROR_HPP
#define CLARIFY_CORE_ERROR_HPP

#include <clarify/core/errc.hpp>
#include <clarify/core/rpc_error.hpp>

#include <boost/assert/source_location.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <concepts>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace clarify {

/** What is kept of an HTTP reply that was not a success, or whose body could not be read.

    All text comes from the server. The credentials that the request carried are masked in it.
*/
struct HttpFailure {
    HttpFailure() {}

    unsigned status = 0;
    /// The wait the server asked for with `Retry-After`, if any (RFC 9110 section 10.2.3).
    std::optional<std::chrono::milliseconds> retry_after;
    /// The W3C trace context of the reply; empty where there is none.
    std::string traceparent;
    /// The challenge of a 401; empty where there is none.
    std::string www_authenticate;
    /// Scheme, host and port of a redirect's target; empty where there is none. Never followed.
    std::string location;
    /// Part of the body, all but printable ASCII escaped: at most `ClientOptions::max_body_excerpt`
    /// bytes of text, 512 by default. Of JSON that is broken far behind the beginning, what is
    /// around the fault, after `...`.
    std::string body_excerpt;
};

/** Why a call failed, and what may be done about it.

    Small to move; copies share their details. It never holds a secret: the library's own text names
    no credential, and server text is kept apart and scrubbed.

    @par Thread safety
    Distinct objects: safe, also where they are copies of one another. Shared objects: safe for
    reading.
*/
class Error {
public:
    /// No error: what `Result::error()` gives for a success. Its `code()` is none of the
    /// enumerators.
    Error() noexcept : code_(Errc{}), reason_(Reason::none) {}
    /// An error of the given kind. `message` is the library's (or a policy's) own text, without
    /// secrets.
    ///
    /// `Code` is `Errc` and nothing that converts to it: a JSON document that becomes any
    /// enumeration would make a `Result` of one ambiguous.
    template <std::same_as<Errc> Code>
    explicit Error(Code code, Reason reason = Reason::none, std::string message = {})
        : Error(reason, code, std::move(message)) {}

    /// The kind: what a program branches on.
    Errc code() const noexcept { return code_; }
    /// What exactly happened within the kind.
    Reason reason() const noexcept { return reason_; }
    /// Where the call was.
    Phase phase() const noexcept { return phase_; }
    /// May the server have executed the call?
    Fate fate() const noexcept { return fate_; }
    /// How often the request was begun, the failed time included. 0 if it never was.
    unsigned attempts() const noexcept { return attempts_; }
    /// The status of the HTTP reply that the call ended with, a success too; 0 if there was none.
    unsigned http_status() const noexcept { return http_status_; }
    /// The library's own words. Nothing in them comes from a peer but the names of members, escaped
    /// and cut, that a codec may tell the place of a fault with.
    std::string_view message() const noexcept;
    /// The underlying error of the system, TLS or HTTP library; success where there is none.
    boost::system::error_code cause() const noexcept;
    /// The server's JSON-RPC error, or null.
    const RpcError* rpc() const noexcept;
    /// The HTTP reply, if it was not a success, or was not declared as JSON, or was not valid JSON;
    /// of `Errc::proxy` status and wait of the proxy's own reply, if it had one; else null.
    const HttpFailure* http() const noexcept;

    /** One line for people: kind and reason, own message, phase, fate and attempts.

        At most 1024 bytes of printable ASCII. Text from the server is included after `server:`,
        escaped: at most 200 characters of its message or its body, and as much of what it says of
        parameters.
    */
    std::string to_string() const;

    /// Writes `to_string()`.
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(
        std::basic_ostream<char, Traits>& out, const Error& error) {
        return out << error.to_string();
    }

    // Setters for the layers that know; each returns the object for chaining.
    Error& set_phase(Phase value) noexcept {
        phase_ = value;
        return *this;
    }
    Error& set_fate(Fate value) noexcept {
        fate_ = value;
        return *this;
    }
    Error& set_http_status(unsigned value) noexcept {
        http_status_ = static_cast<std::uint16_t>(value);
        return *this;
    }
    Error& set_attempts(unsigned value) noexcept {
        attempts_ = static_cast<std::uint16_t>(value);
        return *this;
    }
    /// Adds to the library's own words.
    Error& add_message(std::string_view text);
    Error& set_cause(boost::system::error_code value);
    Error& set_rpc(RpcError value);
    /// Also sets the status.
    Error& set_http(HttpFailure value);

private:
    struct Details {
        std::string message;
        boost::system::error_code cause;
        std::optional<RpcError> rpc;
        std::optional<HttpFailure> http;
    };
    Error(Reason reason, Errc code, std::string message);
    Details& edit();

    Errc code_;
    Reason reason_;
    Phase phase_ = Phase::queue;
    Fate fate_ = Fate::unsent;
    std::uint16_t attempts_ = 0;
    std::uint16_t http_status_ = 0;
    std::shared_ptr<Details> details_;
};

/** What `Result<T>::value()` throws: a `system_error` whose code is the `Errc`, with the whole
 * `Error`. */
class Exception : public boost::system::system_error {
public:
    explicit Exception(Error error)
        : boost::system::system_error(make_error_code(error.code()), error.to_string()),
          error_(std::move(error)) {}

    const Error& error() const noexcept { return error_; }

private:
    Error error_;
};

/// Customisation point of `boost::system::result`: makes `.value()` throw `Exception`.
[[noreturn]] inline void throw_exception_from_error(
    const Error& error, const boost::source_location&) {
    throw Exception{error};
}

}  // namespace clarify

#include <clarify/core/impl/error.hpp>

#endif  // CLARIFY_CORE_ERROR_HPP
