// SPDX-License-Identifier: BSL-1.0
// The JSON-RPC client, over policies for HTTP, authentication and JSON.

#ifndef CLARIFY_RPC_CLIENT_HPP
#define CLARIFY_RPC_CLIENT_HPP

#include <clarify/client_options.hpp>
#include <clarify/concepts/auth_policy.hpp>
#include <clarify/concepts/http_backend.hpp>
#include <clarify/concepts/json_codec.hpp>
#include <clarify/core/completion_token.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/explain_token.hpp>
#include <clarify/credentials.hpp>
#include <clarify/detail/call_arguments.hpp>
#include <clarify/detail/engine.hpp>
#include <clarify/rpc/batch.hpp>
#include <clarify/rpc/envelope.hpp>
#include <clarify/rpc/rpc_params.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace clarify {

/** Calls methods of a JSON-RPC 2.0 server by HTTP POST.

    The three policies are the extension points: how a request travels (`HttpBackend`), how it is
    authorised (`AuthPolicy`), and how values become JSON (`JsonCodec`). `Client` is the usual
    choice; `AnyClient` takes any HTTP stack and authentication at run time.

    @par Operations
    Each has two names: `async_call` takes a completion token as its last argument, `call` is the
    same for coroutines and yields an awaitable. Options may be left out, and so may the token: then
    it is `asio::use_awaitable`. What is said here holds for all of them, also for those of
    `ApiClient`, unless they say otherwise.
    @par Executor
    Everything inside runs on a strand of the given executor; no thread is started but those that
    look up names and look at files, which the process shares (see `BasicBeastBackend`). Completion
    handlers run on their own associated executor, else on the given one, never inside the function
    that starts the call, and never on the strand.
    @par Timeout
    `CallOptions::timeout`, else `ClientOptions::call_timeout`, bounds a whole call: waiting in
    line, token, name look-up, connecting, TLS, request, response and repetitions. `Error::phase()`
    tells where it was.

    So it does with reading what a large reply says, in the client's loop and in that of the handler:
    beyond 64 KiB of text or memory the clock is looked at again and again, and a call whose time is up
    ends with `Errc::timeout` in `Phase::decode`, `Fate::answered`. Of a batch, the calls that were
    decoded by then have their results. What is not interrupted is a single string or number, the making
    of a single object of the JSON library, and a codec or a `read_json_text` of an application's own:
    before these the clock is looked at.
    @par Wrong arguments
    What cannot be a call does not compile, and the first line of the compiler says what to do: params
    or a result that the codec does not map, a handler of another outcome, a backend that cannot be
    made from `HttpOptions`.
    @par Per-operation cancellation
    Before a byte of the request is sent: terminal, partial and total, and the server never sees the
    call. After that: terminal and partial; the connection is closed, and the server may have
    executed the call. Between two attempts all three end it. `Error::fate()` tells in
    any case whether an attempt may have been executed. A call that is begun in a coroutine which was
    cancelled before ends at once with `Errc::cancelled`, unsent, as far as Asio tells: of its own
    coroutines, without an adapter between. With Asio's usual setting such a coroutine gets no further:
    its next `co_await` throws `operation_aborted`, unless `this_coro::throw_if_cancelled(false)` says
    otherwise. A cancelled call never takes down a token
    fetch that others wait for. Coroutines that Asio spawns let only terminal through unless
    `asio::this_coro::reset_cancellation_state` says otherwise.
    @par From synchronous code
    Let the executor be that of a loop which runs in other threads, and wait for a future there:
    `client.async_call(method, params, asio::use_future).get()` with, for example, an
    `asio::thread_pool` of one thread. Nothing is shared but the future, so there is no race; never
    wait so in a thread of the loop itself, which would wait for itself.
    @par Object lifetimes
    Arguments are encoded or copied before a function returns, so temporaries are fine, also where
    the awaitable is kept for later. The client may be destroyed with calls in flight, in any thread
    and in a handler: they complete with `Errc::closed`. The execution context may be destroyed
    before the client: handlers of calls in flight are then destroyed without being called, as Asio
    does with all of its operations, and the client, its pages and its streams are good for nothing
    but to be destroyed. So may the context of a handler's own executor: the handler is destroyed with
    it, uncalled, and the call goes on. And so may the cancellation signal, whose slot is not touched
    any more. All that in any order; contexts, clients and streams also at the same time in several
    threads. What Asio forbids stays forbidden: destroying a context that a thread still runs,
    beginning something on one that is gone, and touching a cancellation signal in one thread while its
    call completes in another. No lock is held where a handler, an observer or another function of the
    user's is called or destroyed.
    @par Exactly one outcome
    An operation that begins calls its handler exactly once, unless a context goes first. Where the
    function that begins it throws, there is no other outcome. Where a handler's allocator has no
    memory, its outcome takes other memory; where its executor refuses it, that is tried again.
    @par Fork
    A client may be used on both sides of a `fork`, as far as its execution context may: Asio asks for
    `io_context::notify_fork` before and after it, in both processes, and that no other thread uses
    the context or the client at that moment. The library's own threads see to that by themselves: a
    fork waits for one that is just bringing something back to a context. A child has no access to the connections of its
    parent, told or not: where they were, its copies of the descriptors lead nowhere, so that it
    neither takes replies, nor writes, nor says good-bye on them. Both go on with what is their own: the
    parent with its connections, the child with new ones, without TLS sessions to resume, with
    other ids and random waits. Tokens that had been fetched serve both.

    Calls that were under way go on in the parent. In the child they end with `Errc::cancelled` and
    `Fate::unknown` when the context runs, and none is sent again; a token that was being fetched
    is fetched anew by the first call that needs one. A child that has not called `notify_fork` must not run the
    context before it has begun a call, which makes up for it; to destroy everything, or to `_exit`,
    is fine at any time. With a `RetryOptions::seed` the waits of both processes are the same.

    Where the child only runs another program, nothing needs to be done: no descriptor of a connection
    outlives `exec`.
    @par Errors
    Every kind of `Errc`, see there; nothing that a peer sends makes a function throw.
    @par Shortage of memory
    A call for which there is no memory ends with `Errc::internal` and `Reason::resource`, or was not
    begun, where the function that begins it throws `std::bad_alloc`; the client is as good as
    before. Asio throws `std::bad_alloc` out of `io_context::run` where it cannot get a completion to
    its executor: run it again. OpenSSL may well report a shortage as another failure of TLS, but a
    wrong peer is never taken for the right one.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe, but for moving and destroying.
*/
template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
class RpcClient {
public:
    using executor_type = boost::asio::any_io_executor;
    /// The document type of the codec: what `call` yields unless told otherwise.
    using value_type = typename Codec::value_type;
    /// What `call_batch` takes.
    using Batch = BasicBatch<Codec>;

    /** A client for the API that `credentials` name, with policies of its own.

        The backend is made from `ClientOptions::http`, the authentication from the credentials and
        `ClientOptions::token`, and the codec within the limits for JSON. Batches are refused, see
        `call_batch`.

        @throws std::invalid_argument naming an option that is out of range.
    */
    RpcClient(
        executor_type executor,
        const Credentials& credentials,
        ClientOptions options = {}) requires std::constructible_from<Backend, HttpOptions> &&
        std::constructible_from<Auth, CredentialsAuth> && std::default_initializable<Codec>;
    /// Where a policy cannot be made so: the compiler says which, and what to do. A backend is to take
    /// `HttpOptions`, an authentication `CredentialsAuth`, a codec nothing or `JsonCodecOptions`; other
    /// policies go into the constructor below.
    template <std::same_as<Credentials> Given>
    RpcClient(executor_type, const Given&, ClientOptions = {}) requires(
        !(std::constructible_from<Backend, HttpOptions> &&
          std::constructible_from<Auth, CredentialsAuth> && std::default_initializable<Codec>)) {
        detail::explain_policies<Backend, Auth, Codec, HttpOptions, CredentialsAuth>();
    }

    /** A client for any endpoint, of any policies.

        They are as they were made: `ClientOptions::http`, `token` and `max_json_memory` do not
        reach them. Batches are sent.

        @param executor that of the loop which runs everything, and by default the handlers.
        @param endpoint where requests are posted to, `https` or `http`. To another machine
        credentials travel by `http` only where the options allow it.

        @throws std::invalid_argument naming an option that is out of range.
    */
    RpcClient(
        executor_type executor,
        Url endpoint,
        Backend backend,
        Auth auth,
        ClientOptions options = {},
        Codec codec = Codec());

    /// The calls of `other` go on, as this client's. One that was moved from may be assigned to and
    /// destroyed, no more.
    RpcClient(RpcClient&& other) noexcept = default;
    /// The same, after `close()` for the calls that this client had.
    RpcClient& operator=(RpcClient&& other) noexcept;
    /// Ends all calls with `Errc::closed`, as `close()` does; does not wait for them.
    ~RpcClient();

    /// The executor that was given; not the strand.
    executor_type get_executor() const noexcept { return engine_->executor(); }
    /// The time on the client's clock, which deadlines are told by (`CallOptions::deadline`). In any
    /// thread.
    TimePoint now() const noexcept { return engine_->time(); }

    /** Calls `method` and completes with the decoded `result` of the reply.

        The request is encoded before this returns. With a lazy token, such as `use_awaitable` and
        `deferred`, it is sent once that is awaited or started.

        @tparam R what the result is decoded as: whatever the codec decodes, or a type with a function
        `read_json_text` of its own. By default the codec's document type.
        @param method sent as it is. Not empty, UTF-8, and not one of those that start with `rpc.`,
        which JSON-RPC keeps for itself.
        @param params see `RpcParams`; an object or an array in JSON.
        @param options the client's own settings by default.
        @param token by default `use_awaitable`.

        @par Handler signature
        `void(Result<R>)`.
        @par Errors
        `Errc::bad_argument` where method, params or options cannot be sent; nothing was, then.
        `Errc::rpc` where the server answered with an error, see `Error::rpc()`. `Errc::status` for
        any status but 2xx, and for 206. `Errc::decode` where the result is no `R`. Besides these
        whatever may befall an exchange, from `Errc::resolve` to `Errc::envelope`.
    */
    template <
        class R = value_type,
        RpcParams<Codec> Params = NoParams,
        CompletionToken<R> Token = boost::asio::use_awaitable_t<>>
    auto async_call(
        std::string_view method,
        const Params& params = no_params,
        CallOptions options = {},
        Token&& token = {}) {
        detail::check_result<R, Codec>();
        return start<R>(
            prepare(method, params, std::move(options), false), std::forward<Token>(token));
    }
    /// The same with the client's own settings.
    template <class R = value_type, RpcParams<Codec> Params, CompletionToken<R> Token>
    auto async_call(std::string_view method, const Params& params, Token&& token) {
        return async_call<R>(method, params, CallOptions{}, std::forward<Token>(token));
    }
    /// The same without params.
    template <class R = value_type, CompletionToken<R> Token>
    auto async_call(std::string_view method, Token&& token) {
        return async_call<R>(method, no_params, CallOptions{}, std::forward<Token>(token));
    }
    /// With other arguments: the compiler says which one is wrong, and what it could be. Params have to
    /// be what the codec encodes, options `CallOptions`, and a handler takes one `Result<R>`.
    template <class R = value_type, class... Args>
    requires detail::RefusedArguments<R, Codec, Args...>
    void async_call(std::string_view, Args&&...) { detail::explain_arguments<R, Codec, Args...>(); }
    /// `async_call` as an awaitable.
    template <class R = value_type, RpcParams<Codec> Params = NoParams>
    CLARIFY_LAZY boost::asio::awaitable<Result<R>> call(
        std::string_view method, const Params& params = no_params, CallOptions options = {}) {
        return async_call<R>(method, params, std::move(options), boost::asio::use_awaitable);
    }
    /// With params that cannot be encoded, likewise: a struct that nobody described, for one.
    template <class R = value_type, class Params>
    requires(!RpcParams<Params, Codec>) void call(
        std::string_view, const Params&, CallOptions = {}) {
        detail::explain_params<Params, Codec>();
    }

    /** Sends a notification (JSON-RPC 2.0 section 4.1): it has no id, and no result is waited for,
        but the HTTP reply is.

        Succeeds with any status of 2xx but 206, whatever the body, unless that is a JSON-RPC error
        or the reply to another request. As to arguments, see `async_call`.

        @par Handler signature
        `void(Result<void>)`.
        @par Errors
        `Errc::rpc` where the server answered with an error all the same, `Errc::envelope` with
        `Reason::id_mismatch` where it answered another request; else as for `async_call`, but never
        `Errc::json` and `Errc::decode`.
    */
    template <
        RpcParams<Codec> Params = NoParams,
        CompletionToken<void> Token = boost::asio::use_awaitable_t<>>
    auto async_notify(
        std::string_view method,
        const Params& params = no_params,
        CallOptions options = {},
        Token&& token = {}) {
        return start<void>(
            prepare(method, params, std::move(options), true), std::forward<Token>(token));
    }
    /// The same with the client's own settings.
    template <RpcParams<Codec> Params, CompletionToken<void> Token>
    auto async_notify(std::string_view method, const Params& params, Token&& token) {
        return async_notify(method, params, CallOptions{}, std::forward<Token>(token));
    }
    /// The same without params.
    template <CompletionToken<void> Token>
    auto async_notify(std::string_view method, Token&& token) {
        return async_notify(method, no_params, CallOptions{}, std::forward<Token>(token));
    }
    /// With other arguments, as `async_call`.
    template <class... Args>
    requires detail::RefusedArguments<void, Codec, Args...>
    void async_notify(std::string_view, Args&&...) {
        detail::explain_arguments<void, Codec, Args...>();
    }
    /// `async_notify` as an awaitable.
    template <RpcParams<Codec> Params = NoParams>
    CLARIFY_LAZY boost::asio::awaitable<Result<void>> notify(
        std::string_view method, const Params& params = no_params, CallOptions options = {}) {
        return async_notify(method, params, std::move(options), boost::asio::use_awaitable);
    }
    /// With params that cannot be encoded, as `call`.
    template <class Params>
    requires(!RpcParams<Params, Codec>) void notify(
        std::string_view, const Params&, CallOptions = {}) {
        detail::explain_params<Params, Codec>();
    }

    /// An empty batch, whose params this client's codec encodes and whose ids are this client's.
    Batch make_batch() const { return Batch{codec_, engine_->ids()}; }

    /** Sends several requests as one JSON-RPC batch (section 6), and completes with an outcome for
        each call in it.

        The batch as a whole is one call: it has one deadline, one cancellation, and fails as one
        where the exchange fails; see `BatchResult` for what may be wrong with one slot. It counts as
        idempotent if each of its methods does, unless the options say so themselves. One of
        notifications only succeeds as a notification does, with no slots.

        @tparam R what each result is decoded as, see `async_call`.
        @param batch from `make_batch` of this client.
        @param options the client's own settings by default.
        @param token by default `use_awaitable`.

        @par Handler signature
        `void(Result<BatchResult<R>>)`.
        @par Errors
        `Errc::bad_argument`, before anything is sent, where params could not be encoded as they
        were added; with `Reason::batch` for an empty batch, and for any where the client was made
        from `Credentials`, because the Clarify API knows no batches. Else as for `async_call`, but
        for `Errc::rpc` and `Errc::decode`, which are a slot's.
    */
    template <
        class R = value_type,
        CompletionToken<BatchResult<R>> Token = boost::asio::use_awaitable_t<>>
    auto async_call_batch(Batch batch, CallOptions options = {}, Token&& token = {}) {
        detail::check_result<R, Codec>();
        return start<BatchResult<R>>(
            prepare_batch(std::move(batch), std::move(options)), std::forward<Token>(token));
    }
    /// The same with the client's own settings.
    template <class R = value_type, CompletionToken<BatchResult<R>> Token>
    auto async_call_batch(Batch batch, Token&& token) {
        return async_call_batch<R>(std::move(batch), CallOptions{}, std::forward<Token>(token));
    }
    /// With a handler of another outcome, as `async_call`: it takes a `Result<BatchResult<R>>`.
    template <class R = value_type, class Token>
    requires(
        !CompletionToken<Token, BatchResult<R>> &&
        !std::convertible_to<Token, CallOptions>) void async_call_batch(Batch, Token&&) {
        detail::explain_token<Token, BatchResult<R>>();
    }
    /// `async_call_batch` as an awaitable.
    template <class R = value_type>
    CLARIFY_LAZY boost::asio::awaitable<Result<BatchResult<R>>> call_batch(
        Batch batch, CallOptions options = {}) {
        return async_call_batch<R>(
            std::move(batch), std::move(options), boost::asio::use_awaitable);
    }

    /** Goes on with other credentials, of calls that begin from now on: for a secret that came as a
        value, and is replaced. What came from a file is followed without this.

        With the same client id and address the token at hand stays in use, and the next one is
        fetched with the new secret. Otherwise the token and the connections of before go, and calls
        go to the new address; those that are under way end as they began. The integration of typed
        methods stays that of the client.

        @throws std::invalid_argument naming an option of `ClientOptions::token` that is out of range.
        @throws std::bad_alloc; then nothing has changed.
    */
    void replace_credentials(const Credentials& credentials) requires
        requires(Auth& auth, AuthContext& context, CredentialsAuth other) {
        auth.replace(context, std::move(other));
    }
    { engine_->replace_auth(credentials.auth(options().token)); }

    /// Ends all calls with `Errc::closed`, also future ones, and closes idle connections. Does not
    /// wait.
    void close() noexcept;

    /** Closes gracefully: new calls end with `Errc::closed` at once, those in flight have until
        `limit` from now to finish, token and repetitions included, and end with `Errc::closed` then.

        An operation of several requests that has begun is one of those in flight: an insert in
        parts, publishing with change detection, and of pages and data streams the wait for the next
        piece that is under way; what follows that is `Errc::closed`.

        Does not wait; `drain` does. Idle connections are closed at once, the others as they come
        free. The client is closed as soon as its last call has ended. Of several limits the earliest
        counts, and `close()` ends the matter at once, as does destroying the client. Zero, or less,
        is like `close()`.
    */
    void close(std::chrono::milliseconds limit);

    /** `close(limit)`, and waits until the last call has ended.

        Nothing happens before it is awaited or started. It completes after the completion handlers
        of the calls have been handed to their executors, and no later than a moment after `limit`.

        @code
        clarify::Result<void> drained = co_await client.drain(std::chrono::seconds{5});
        if (!drained) log("some calls were given up");
        @endcode

        @param limit how long the calls have; zero, or less, is none.
        @param token by default `use_awaitable`.

        @par Handler signature
        `void(Result<void>)`.
        @par Per-operation cancellation
        All three types end the wait, with `Errc::cancelled`; the client goes on closing.
        @par Errors
        `Errc::timeout` where calls, or operations of several, had to be ended when the time was
        over, `Errc::closed` where `close()`, or the end of the client, came before that; the message
        says how many of each. Success where none had to.
    */
    template <CompletionToken<void> Token = boost::asio::use_awaitable_t<>>
    auto async_drain(std::chrono::milliseconds limit, Token&& token = {}) {
        return detail::async_operation<Result<void>>(
            std::forward<Token>(token), InitiateDrain{}, engine_, limit);
    }
    /// With a handler of another outcome, as `async_call`: it takes a `Result<void>`.
    template <class Token>
    requires(!CompletionToken<Token, void>) void async_drain(std::chrono::milliseconds, Token&&) {
        detail::explain_token<Token, void>();
    }
    /// `async_drain` as an awaitable.
    CLARIFY_LAZY boost::asio::awaitable<Result<void>> drain(std::chrono::milliseconds limit) {
        return async_drain(limit, boost::asio::use_awaitable);
    }

protected:
    /// Another one that makes calls of the same client, for as long as that is open, and whose end
    /// ends nothing. Its calls, and those of what is shared from it, belong to one operation.
    RpcClient share() const { return RpcClient{*this, Shared{}}; }
    /// That operation; null unless this is shared.
    const std::shared_ptr<detail::Operation>& operation() const noexcept { return operation_; }
    /// A call that ends with `error` before it begins.
    template <class R, class Token>
    auto refuse(std::string_view method, Error error, CallOptions options, Token&& token) {
        detail::PreparedCall prepared = prepare(method, no_params, std::move(options), false);
        prepared.error = std::move(error);
        return start<R>(std::move(prepared), std::forward<Token>(token));
    }
    /// The client's own settings, as they were given.
    const ClientOptions& options() const noexcept { return engine_->options(); }

private:
    using Engine = detail::Engine<Backend, Auth>;
    struct Shared {};
    template <class R, class Handler>
    class Call;
    template <class R>
    struct Initiate;
    template <class Handler>
    class Drain;
    struct InitiateDrain;

    RpcClient(const RpcClient& other, Shared);

    static Backend make_backend(
        const ClientOptions& options) requires std::constructible_from<Backend, HttpOptions>;
    static Codec make_codec(const ClientOptions& options);
    template <class Params>
    detail::PreparedCall prepare(
        std::string_view method,
        const Params& params,
        CallOptions options,
        bool notification) const;
    detail::PreparedCall prepare_batch(Batch batch, CallOptions options) const;
    Result<void> check(const CallOptions& options) const;
    Result<void> check_size(std::size_t size) const;
    template <class R, class Token>
    auto start(detail::PreparedCall prepared, Token&& token);

    std::shared_ptr<Engine> engine_;
    std::shared_ptr<const Codec> codec_;
    std::shared_ptr<detail::Operation> operation_;
    bool batches_ = true;
    bool owner_ = true;
};

}  // namespace clarify

#include <clarify/impl/rpc_client.hpp>
#include <clarify/impl/rpc_client_drain.hpp>

#endif  // CLARIFY_RPC_CLIENT_HPP
