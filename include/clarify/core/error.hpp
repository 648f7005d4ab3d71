// SPDX-License-Identifier: BSL-1.0
// The one error type of the library, and the exception made of it.

#ifndef CLARIFY_CORE_ERROR_HPP
#define CLARIFY_CORE_ERROR_HPP

#include <clarify/core/clock.hpp>
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

/// See <clarify/api/insert_progress.hpp>.
struct InsertProgress;

/** What is kept of an HTTP reply that was not a success, or whose body could not be read.

    All text comes from the server: show it, but do not trust it. The credentials that the request
    carried are masked in it, and so is what the authentication policy keeps secret.
*/
struct HttpFailure {
    HttpFailure() {}

    /// The status; of a body that could not be read it may be a success.
    unsigned status = 0;
    /// The wait the server asked for with `Retry-After`, if any (RFC 9110 section 10.2.3): from zero
    /// to a day.
    std::optional<std::chrono::milliseconds> retry_after;
    /// The W3C trace context of the reply, for a support request; empty where there is none.
    std::string traceparent;
    /// The challenge of a 401 (RFC 9110 section 11.6.1), at most 256 bytes; empty where there is none.
    std::string www_authenticate;
    /// Scheme, host and port of a redirect's target; empty where there is none. It is never followed:
    /// credentials go to the configured server and to no other.
    std::string location;
    /// Part of the body, all but printable ASCII escaped: at most `ClientOptions::max_body_excerpt`
    /// bytes of text, 512 by default. Of JSON that is broken far behind the beginning, what is
    /// around the fault, after `...`.
    std::string body_excerpt;
};

/** Why a call failed, and what may be done about it.

    Every operation of the library that can fail gives a `Result`, and every failed `Result` one of
    these: of a call, of parsing a URL, of reading credentials. What belongs to calls only (phase, fate,
    attempts, statuses) keeps its first value elsewhere.

    What to do follows from `code()`, and whether the call may be sent again from `fate()`; the rest is
    for people. It is small to move; copies share their details. It never holds a secret: the library's
    own text names no credential, and server text is kept apart and scrubbed.

    ```cpp
    const clarify::Error& error = result.error();
    switch (error.code()) {
        case clarify::Errc::rpc: return show(error.rpc()->code, error.rpc()->message);
        case clarify::Errc::closed: return;
        default: log(error.to_string());
    }
    if (error.fate() == clarify::Fate::unsent) send_later();
    ```

    @par Errors
    What takes memory (messages, details, setters that are not `noexcept`) throws `std::bad_alloc`.
    @par Thread safety
    Distinct objects: safe, also where they are copies of one another. Shared objects: safe for
    reading.
*/
class Error {
public:
    /// No error: what `Result::error()` gives for a success. Its `code()` is none of the
    /// enumerators.
    Error() noexcept : code_(Errc{}), reason_(Reason::none) {}
    /// An error of the given kind, of a call that was not sent. `message` is the library's (or a
    /// policy's) own text, without secrets.
    ///
    /// `Code` is `Errc` and nothing that converts to it: a JSON document that becomes any
    /// enumeration would make a `Result` of one ambiguous.
    template <std::same_as<Errc> Code>
    explicit Error(Code code, Reason reason = Reason::none, std::string message = {})
        : Error(reason, code, std::move(message)) {}

    /// The kind: what a program branches on.
    Errc code() const noexcept { return code_; }
    /// What exactly happened within the kind; `Reason::none` where that says it all.
    Reason reason() const noexcept { return reason_; }
    /// Where the call was; of an error of no call, `Phase::queue`.
    Phase phase() const noexcept { return phase_; }
    /// Of a call whose time was up in `Phase::token`: where the request for the token was, such as
    /// `Phase::resolve`; `Phase::backoff` before the next one. Nothing where that is not known, as of
    /// a policy that asks for no token by the client's means, and of all other errors.
    std::optional<Phase> token_step() const noexcept;
    /// Of a call that was refused because its turn under `ClientOptions::rate_limits` would have come
    /// too late (`Reason::rate_limit`): when it would have come, on the client's clock, if none of
    /// those before it gave up. Else nothing.
    std::optional<TimePoint> turn() const noexcept;
    /// May the server have executed the call? All its attempts count.
    Fate fate() const noexcept { return fate_; }
    /// How often the request was begun, the failed time included; 0 if it never was. At most
    /// `RetryOptions::attempts`, or 2 where a token had to be renewed.
    unsigned attempts() const noexcept { return attempts_; }
    /// The status of the HTTP reply that the call ended with, a success too; 0 if there was none.
    unsigned http_status() const noexcept { return http_status_; }
    /// The library's own words. What comes from a peer in them is harmless: the names of members,
    /// escaped and cut, that a codec may tell the place of a fault with; and the `error` of a token
    /// endpoint (RFC 6749 section 5.2), up to 64 printable characters.
    std::string_view message() const noexcept;
    /// The underlying error of the system, TLS or HTTP library; success where there is none. What it
    /// is depends on the backend: good for logs, not for decisions.
    boost::system::error_code cause() const noexcept;
    /// The server's JSON-RPC error: of `Errc::rpc` always, of `Errc::status` and `Errc::auth` where the
    /// reply held one; else null. It lives as long as this object, unless that is changed.
    const RpcError* rpc() const noexcept;
    /// The HTTP reply, if it was not a success, or was not declared as JSON, or was not valid JSON;
    /// of `Errc::proxy` status and wait of the proxy's own reply, if it had one; of `Errc::token` the
    /// token endpoint's; else null.
    const HttpFailure* http() const noexcept;
    /// Of an `ApiClient::insert` of several requests: what those before the one that failed have stored.
    /// Null where that is nothing, and of all other errors. It lives as long as this object, unless that
    /// is changed.
    const InsertProgress* insert_progress() const noexcept;

    /** One line for people: kind and reason, own message, phase (of a token request in parentheses),
        fate and attempts.

        At most 1024 bytes of printable ASCII. Text from the server is included after `server:`,
        escaped: at most 200 characters of its message or its body, and as much of what it says of
        parameters. The form is made for people and may change; programs read the members instead.
    */
    std::string to_string() const;

    /// Writes `to_string()`. For this the program includes `<ostream>`.
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(
        std::basic_ostream<char, Traits>& out, const Error& error) {
        return out << error.to_string();
    }

    // Setters for the layers that know, policies among them; each returns the object for chaining.
    /// Where the call was.
    Error& set_phase(Phase value) noexcept;
    /// A policy tells it of its own part; the client adds what it knows of earlier attempts.
    Error& set_fate(Fate value) noexcept;
    /// The status of the reply; 0 for none. What is more than 65535 counts as that.
    Error& set_http_status(unsigned value) noexcept;
    /// How often the request was begun. What is more than 65535 counts as that.
    Error& set_attempts(unsigned value) noexcept;
    /// Where the request for a token was, for which the call was waiting.
    Error& set_token_step(Phase value);
    /// When the call would have had its turn.
    Error& set_turn(TimePoint value);
    /// Adds to the library's own words, after `; ` where there are some. Without secrets, as they are.
    Error& add_message(std::string_view text);
    /// The error code of the system or library below.
    Error& set_cause(boost::system::error_code value);
    /// What the server said; it must be scrubbed of secrets already.
    Error& set_rpc(RpcError value);
    /// The reply; it must be scrubbed of secrets already. Also sets the status.
    Error& set_http(HttpFailure value);
    /// How far an insert came; null for not at all.
    Error& set_insert_progress(std::shared_ptr<const InsertProgress> value);

private:
    /// What many errors do not have, and what would make each of them large.
    struct Details {
        std::string message;
        std::optional<Phase> token_step;
        std::optional<TimePoint> turn;
        boost::system::error_code cause;
        std::optional<RpcError> rpc;
        std::optional<HttpFailure> http;
        std::shared_ptr<const InsertProgress> insert_progress;
    };
    Error(Reason reason, Errc code, std::string message);
    /// The details, for nobody but this object: copied if others share them.
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
    `Error`.

    `what()` is `Error::to_string()` and what `system_error` adds to it, and `code()` compares with an
    enumerator: `exception.code() == clarify::Errc::timeout`.
*/
class Exception : public boost::system::system_error {
public:
    /// Made by `Result<T>::value()`; a program may throw one of its own.
    explicit Exception(Error error)
        : boost::system::system_error(make_error_code(error.code()), error.to_string()),
          error_(std::move(error)) {}

    /// The whole error; it lives as long as the exception.
    const Error& error() const noexcept { return error_; }

private:
    Error error_;
};

/// Customisation point of `boost::system::result`, found by the error's namespace: makes `.value()`
/// throw `Exception`.
[[noreturn]] inline void throw_exception_from_error(
    const Error& error, const boost::source_location&) {
    throw Exception{error};
}

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/core/impl/error.hpp>
#endif

#endif  // CLARIFY_CORE_ERROR_HPP
