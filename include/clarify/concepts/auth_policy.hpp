// SPDX-License-Identifier: BSL-1.0
// The contract of an authentication scheme, and what the client lends to it.

#ifndef CLARIFY_CONCEPTS_AUTH_POLICY_HPP
#define CLARIFY_CONCEPTS_AUTH_POLICY_HPP

#include <clarify/core/event.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>
#include <clarify/core/url.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clarify {

/** The header that proves who calls, shared between the calls that send it: a value, and the name
    `Authorization` or another one, such as `X-API-Key`. Without a value none is sent.

    Two are equal if they are the same header: one that was made anew is another one, whatever it says.

    @par Object lifetimes
    Copies share the value, which is wiped with the last of them.
    @par Thread safety
    Distinct objects: safe, also where they are copies of one another. Shared objects: safe for
    reading.
*/
class AuthHeader {
public:
    /// None.
    AuthHeader() noexcept {}
    AuthHeader(std::nullptr_t) noexcept {}
    /// `Authorization` with this value; null for none.
    AuthHeader(std::shared_ptr<const Secret> value) noexcept : value_(std::move(value)) {}
    /// A header of another name. It has to be one that `HeaderList` takes, and a call must not add one
    /// of the same name: else calls end with `Errc::token`, `Reason::header`.
    AuthHeader(std::shared_ptr<const Secret> value, std::string name)
        : value_(std::move(value)), name_(std::make_shared<const std::string>(std::move(name))) {}

    /// Is there one?
    explicit operator bool() const noexcept { return value_ != nullptr; }
    /// The value, scheme included, if there is a header.
    const Secret& operator*() const noexcept { return *value_; }
    const Secret* operator->() const noexcept { return value_.get(); }
    /// The value as it is shared, which tells one header from another; null for none.
    const std::shared_ptr<const Secret>& value() const noexcept { return value_; }
    /// `Authorization` unless it was given another name. Valid as long as any copy.
    std::string_view name() const noexcept {
        return name_ ? std::string_view{*name_} : std::string_view{"Authorization"};
    }
    /// Was it given another name?
    bool has_own_name() const noexcept { return name_ != nullptr; }
    /// Lets go of the value.
    void reset() noexcept {
        value_.reset();
        name_.reset();
    }

    friend bool operator==(const AuthHeader& a, const AuthHeader& b) noexcept {
        return a.value_ == b.value_;
    }

private:
    std::shared_ptr<const Secret> value_;
    /// Null for the usual one.
    std::shared_ptr<const std::string> name_;
};

/** What an authentication policy may use of the client it belongs to.

    A reference to it stays valid as long as the policy and every coroutine started with `spawn`.
    All functions are called on the client's serial executor, from the policy's functions and
    coroutines.

    A policy that waits uses a `clarify::Timer` (<clarify/core/timer.hpp>) on `get_executor()`: it
    follows the clock of the client, which in a test is set by hand (`testing::ManualClock`). A
    `boost::asio::steady_timer` would not. Times are measured with `now()`, never with a clock of
    its own.
*/
class AuthContext {
public:
    /// The client's serial executor, for timers. All of the policy runs there already.
    virtual boost::asio::any_io_executor get_executor() const = 0;
    /// The time on the client's clock, which is monotonic.
    virtual TimePoint now() const = 0;
    /// The date, for what a server dates with its own clock: a `Retry-After` in a reply without `Date`
    /// (`parse_retry_after`). It may be set forwards and back, so nothing else is measured with it.
    virtual std::chrono::system_clock::time_point wall_now() const {
        return std::chrono::system_clock::now();
    }
    /// Evenly distributed in [0, 1), for jitter.
    virtual double random() = 0;
    /** Sends a request through the client's own HTTP backend, and waits for the reply.

        Succeeds with every complete reply, also one of 401 or 500; what the backend reports else is
        an error of its own kinds, see `HttpBackend`. `request`, all that it points to, and
        `response` must stay where they are until it completes: keep them in the coroutine that
        waits. Set `request.deadline`, which is without end otherwise, and `request.max_response_body` to what a reply may need.
        Once the reply is understood call `response.lease.keep()`, or the connection is closed.
        May throw what the backend throws.
    */
    virtual boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response) = 0;
    /** Runs `task` on behalf of the client rather than of one call.

        It is cancelled (terminal) at `deadline` or when the client closes, and by nothing else. It
        may begin, and even end, before this returns. An exception that escapes from it is dropped,
        so what waits for the task must be told by other means.
    */
    virtual void spawn(boost::asio::awaitable<void> task, TimePoint deadline) = 0;
    /// Reports an event to the client's observer, if there is one: `token_fetched`,
    /// `token_renewed` or `token_failed`. Never put a secret into one.
    virtual void observe(const Event& event) = 0;
    /** Has the server answered a call that was sent with this header?

        Whatever the method, and with a success or a JSON-RPC error: a status that is not a success
        proves nothing of a token. `header` is told by its identity, not by its text: the same text
        in a new object is a new header. A policy asks when a header is rejected. One that has served
        has been revoked, and may be replaced at once however often that happens; one that never
        worked was refused at its first use, and to replace such ones without a pause would hammer
        whoever issues them.
    */
    virtual bool has_served(const AuthHeader& header) const = 0;
    /// The policy acts for somebody else from now on, or calls another address: connections of before
    /// are closed, those at rest at once and the others as they come free.
    virtual void identity_changed() {}

protected:
    ~AuthContext() = default;
};

/** An authentication scheme: gives the header of each request that proves who calls.

    | expression | meaning | who calls it, on which executor | what may be cancelled | what a failure must report |
    | --- | --- | --- | --- | --- |
    | `auth.cached(context)` | An `std::optional<AuthHeader>`: the header to send now, known without waiting; empty if `authorize` must be asked. A null header means that none is sent. | The client, for each attempt of each call, on its serial executor. | Nothing: it returns at once. | It does not fail: what it cannot give, it leaves empty. |
    | `auth.authorize(context, deadline)` | An `awaitable<Result<AuthHeader>>`: the header, fetched if need be. | The client, on its serial executor, where `cached` was empty; many calls may be waiting at once. | The wait: the client cancels (terminal) at `deadline`, when the caller cancels the call, and when it closes. Never the fetch that others wait for. | An `Error` with `Fate::unsent`, which ends the call as it is: `Errc::token` and `Phase::token`, or what `AuthContext::post` reported, of whatever phase; its fate is to be set to `unsent`, since it is the token request that was sent, not the call. Never a secret. |
    | `auth.rejected(context, header)` | The server answered 401 to `header`, and not for the method's sake. Drops it, if that is still what is cached, and returns as a `bool` whether asking again may give another one: `true` where another can be fetched, and where it has been replaced already. | The client, on its serial executor, once for each attempt that was refused because of its header. | Nothing: it returns at once. | It does not fail: `false` ends the call with the server's 401. |

    A policy may also have `auth.kept_secret()`, a `noexcept` `std::string_view` of what it gets its
    headers with and sends to nobody else, a client secret for one: like the header itself it is then
    masked in all that servers say of calls. It must stay where it is, and as it is, as long as the
    policy, or until what it is used for is replaced.

    And it may have `auth.endpoint_in_force()`, a `std::shared_ptr<const Url>` of where calls go with
    the header that it has just given, null for where the client was made for: then its headers can
    become those of another API while the client lives.

    Where a policy has nothing to fetch, as `BasicAuth`, `cached` always has the header, `authorize`
    returns the same, and `rejected` returns `false`. What follows is for one that fetches.

    @par Headers
    `Authorization`, or a name of the service's own (`AuthHeader{value, "X-API-Key"}`). The whole value,
    scheme included, such as `Bearer abc`: without control characters and without
    blanks at its ends; the client refuses others with `Errc::token`, `Reason::header`. It is not
    empty: to send none, give a null header. Once handed out, a header is never changed: a new token
    is a new `Secret`. As long as one token is in use, `cached` and `authorize` give headers of the
    same text: a scheme that signs each request does not fit this concept.
    @par One fetch for all
    However many calls wait, one request is under way. It runs as a task of the client
    (`AuthContext::spawn`), not in the coroutine of the call that happened to need it first, so that
    cancelling this call disturbs no other. The waiting calls each wait for the outcome, for example
    for a `clarify::Timer` that never expires and that the task cancels. The request goes on when
    nobody waits any more: the next call has its token. A token is used, without another request, until
    it expires or is rejected.
    @par Expiry
    A token is not given out after its life, counted from before it was asked for. A policy may
    renew it earlier, from `cached`; then it goes on giving the old one meanwhile, and also where
    that renewal fails.
    @par Failure
    A failed fetch, and one that is cancelled, ends every `authorize` that waits for it with an
    error. The policy then keeps it in mind for a pause: calls that come at once fail with the same
    error instead of asking the server again. After the pause the next call tries again, so it heals
    by itself. An HTTP status or a body that is no token is `Errc::token`.
    @par Rejection
    The client sends the call again at most once, with what `cached` or `authorize` then give. Many
    calls may report the same header, some after it has been replaced: compare it with the cached
    one, by pointer or by text, and drop only that. A rejected header is not given again. However
    often one is rejected, each `authorize` comes to an end by itself: with a header, or with an error
    while the policy pauses.
    `AuthContext::has_served` tells a token that was revoked from one that never worked.

    Not every 401 is reported. A method that is refused again with a header got since is refused for
    its own sake, and keeps its 401: other calls do not lose a token that serves them. Where none are
    served, such a method has the header renewed once a pause, of 1 s at first and of 60 s at most.
    @par Cancellation
    An `authorize` that is cancelled (terminal) completes promptly, whatever else goes on; what it
    returns is replaced by the client. A task that is cancelled ends promptly, and leaves the policy
    ready to fetch again.
    @par Events
    A policy that fetches reports through `AuthContext::observe` how each fetch ended:
    `token_fetched` the first time, `token_renewed` after that, and `token_failed` with the error,
    also where it was a renewal ahead of the expiry and no call fails of it. Each with `time`, and
    with `elapsed` since the fetch began.
    @par Exceptions
    One that escapes from `cached` or `authorize` becomes `Errc::token` with `Reason::exception`;
    one from `rejected` counts as `false`.
    @par Lifetime
    A policy is moved into its client, and not moved afterwards. It outlives its awaitables and the
    tasks that it has spawned, unless the execution context is destroyed with them. Keep timers in
    coroutines rather than as members: a client may be kept for longer than its context.

    @par Example
    A policy that fetches from a desk which answers with the bare token; one that passes
    `check_auth_policy`. Standard headers are left out.

    ```cpp
    #include <clarify/concepts/auth_policy.hpp>
    #include <clarify/core/timer.hpp>
    #include <clarify/core/url.hpp>

    #include <boost/asio/as_tuple.hpp>
    #include <boost/asio/awaitable.hpp>
    #include <boost/asio/deferred.hpp>

    using namespace clarify;
    using namespace std::chrono_literals;
    using boost::asio::as_tuple;
    using boost::asio::awaitable;
    using boost::asio::deferred;

    bool is_token(std::string_view text) { return text.starts_with("desk-"); }

    class DeskAuth {
    public:
        explicit DeskAuth(Url desk) : state_(std::make_shared<State>(std::move(desk))) {}

        std::optional<AuthHeader> cached(AuthContext& context) {
            if (!state_->is_valid(context.now())) return std::nullopt;
            return state_->header;
        }
        awaitable<Result<AuthHeader>> authorize(AuthContext& context, TimePoint) {
            return wait(state_, context);
        }
        bool rejected(AuthContext&, const AuthHeader& header) {
            if (state_->header == header) state_->header.reset();
            return true;
        }

    private:
        // Shared with the coroutines.
        struct State {
            explicit State(Url url) : desk(std::move(url)) {}
            bool is_valid(TimePoint now) const { return header && now < expires_at; }

            Url desk;
            AuthHeader header;
            TimePoint expires_at{};
            Error error{Errc::token};
            TimePoint pause_until{};
            bool fetching = false;
            std::weak_ptr<Timer> fetch_ended;  // owned by the coroutines, cancelled at the end
        };

        static awaitable<Result<AuthHeader>> wait(
            std::shared_ptr<State> state, AuthContext& context) {
            if (!state->is_valid(context.now())) {
                if (!state->fetching && context.now() >= state->pause_until) begin(state, context);
                const std::shared_ptr<Timer> ended = state->fetch_ended.lock();
                if (state->fetching && ended) co_await ended->async_wait(as_tuple(deferred));
            }
            if (state->is_valid(context.now())) co_return state->header;
            co_return state->error;
        }
        static void begin(const std::shared_ptr<State>& state, AuthContext& context) {
            auto ended = std::make_shared<Timer>(context.get_executor(), TimePoint::max());
            state->fetching = true;
            state->fetch_ended = ended;
            context.spawn(fetch(state, ended, context), context.now() + 30s);
        }
        static awaitable<void> fetch(
            std::shared_ptr<State> state, std::shared_ptr<Timer> ended, AuthContext& context) {
            const TimePoint asked = context.now();
            HttpRequest request;
            request.url = &state->desk;
            request.deadline = asked + 30s;
            request.max_response_body = 4096;
            HttpResponse response;
            Error error{Errc::token, Reason::bad_response, "the desk gave no token"};
            Event event{EventKind::token_failed};
            bool complete = false;
            try {
                const Result<void> posted = co_await context.post(request, response);
                if (!posted) error = posted.error();
                complete = posted.has_value();
            } catch (...) {
                error = Error{Errc::token, Reason::exception, "the HTTP backend threw"};
            }
            if (complete) response.lease.keep();
            if (complete && response.status == 200 && is_token(response.body)) {
                const bool first = state->expires_at == TimePoint{};
                event.kind = first ? EventKind::token_fetched : EventKind::token_renewed;
                state->header = std::make_shared<const Secret>("Bearer " + response.body);
                state->expires_at = asked + 1h;  // what this desk is known to give
            } else {
                // It is the token request that may have been sent, not the call.
                state->error = error.set_phase(Phase::token).set_fate(Fate::unsent);
                state->pause_until = context.now() + 1s;
                event.error = &state->error;
            }
            state->fetching = false;
            event.time = context.now();
            event.elapsed = event.time - asked;
            context.observe(event);
            ended->cancel();
        }

        std::shared_ptr<State> state_;
    };
    ```

    `testing::check_auth_policy` checks all of this, for a policy of your own.
*/
template <class A>
concept AuthPolicy = std::move_constructible<A> &&
    requires(A& auth, AuthContext& context, TimePoint deadline, const AuthHeader& header) {
    { auth.cached(context) } -> std::same_as<std::optional<AuthHeader>>;
    {
        auth.authorize(context, deadline)
        } -> std::same_as<boost::asio::awaitable<Result<AuthHeader>>>;
    { auth.rejected(context, header) } -> std::same_as<bool>;
};

namespace detail {

/// What a policy keeps for itself, if it has and says so.
template <class Auth>
std::string_view kept_secret_of(const Auth& auth) noexcept {
    if constexpr (requires { std::string_view{auth.kept_secret()}; }) {
        return auth.kept_secret();
    } else {
        return {};
    }
}

/// Where calls go, if a policy says so; else null.
template <class Auth>
std::shared_ptr<const Url> endpoint_of(const Auth& auth) noexcept {
    if constexpr (requires { std::shared_ptr<const Url>{auth.endpoint_in_force()}; }) {
        return auth.endpoint_in_force();
    } else {
        return nullptr;
    }
}

}  // namespace detail
}  // namespace clarify

#endif  // CLARIFY_CONCEPTS_AUTH_POLICY_HPP
