// SPDX-License-Identifier: BSL-1.0
// The JSON-RPC client, over policies for HTTP, authentication and JSON.

#ifndef CLARIFY_RPC_CLIENT_HPP
#define CLARIFY_RPC_CLIENT_HPP

#include <clarify/client_options.hpp>
#include <clarify/concepts/auth_policy.hpp>
#include <clarify/concepts/http_backend.hpp>
#include <clarify/concepts/json_codec.hpp>
#include <clarify/credentials.hpp>
#include <clarify/detail/engine.hpp>
#include <clarify/json/json_codec_options.hpp>
#include <clarify/rpc/batch.hpp>
#include <clarify/rpc/envelope.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <memory>
#include <string_view>
#include <utility>

namespace clarify {

/** Calls methods of a JSON-RPC 2.0 server by HTTP POST.

    The three policies are the extension points: how a request travels (`HttpBackend`), how it is
    authorised (`AuthPolicy`), and how values become JSON (`JsonCodec`). `Client` is the usual
    choice; `AnyClient` takes any HTTP stack and authentication at run time.

    @par Executor
    Everything inside runs on a strand of the given executor; no thread is started but the one that
    Asio's resolver uses. Completion handlers run on their own associated executor, else on the
    given one, never inside the function that starts the call, and never on the strand.
    @par Timeout
    `CallOptions::timeout`, else `ClientOptions::call_timeout`, bounds a whole call: waiting in
    line, token, name look-up, connecting, TLS, request, response and repetitions. `Error::phase()`
    tells where it was.
    @par Per-operation cancellation
    Before a byte of the request is sent: terminal, partial and total, and the server never sees the
    call. After that: terminal and partial; the connection is closed, and the server may have
    executed the call (`Error::fate()`). A cancelled call never takes down a token fetch that others
    wait for.
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
    does with all of its operations, and the client is good for nothing but to be destroyed.
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
    /// What `call` yields unless told otherwise.
    using value_type = typename Codec::value_type;

    /** A client for the API that `credentials` name, with a backend of its own.

        @throws std::invalid_argument naming an option that is out of range.
    */
    RpcClient(
        executor_type executor,
        const Credentials& credentials,
        ClientOptions options = {}) requires std::constructible_from<Backend, HttpOptions> &&
        std::constructible_from<Auth, CredentialsAuth> && std::default_initializable<Codec>
        : RpcClient(
              std::move(executor),
              credentials.rpc_url(),
              make_backend(options),
              Auth{credentials.auth(options.token)},
              options,
              make_codec(options)) {
        batches_ = false;
    }

    /** A client for any endpoint, of any policies.

        @throws std::invalid_argument naming an option that is out of range.
    */
    RpcClient(
        executor_type executor,
        Url endpoint,
        Backend backend,
        Auth auth,
        ClientOptions options = {},
        Codec codec = Codec())
        : engine_(std::make_shared<Engine>(
              std::move(executor),
              std::move(endpoint),
              std::move(options),
              std::move(backend),
              std::move(auth))),
          codec_(std::make_shared<const Codec>(std::move(codec))) {}

    RpcClient(RpcClient&&) noexcept = default;
    RpcClient& operator=(RpcClient&& other) noexcept {
        if (this != &other) {
            if (owner_) close();
            engine_ = std::move(other.engine_);
            codec_ = std::move(other.codec_);
            batches_ = other.batches_;
            owner_ = other.owner_;
        }
        return *this;
    }
    /// Ends all calls with `Errc::closed`; does not wait for them.
    ~RpcClient() {
        if (owner_) close();
    }

    executor_type get_executor() const noexcept { return engine_->executor(); }

    /** Calls `method` and yields the decoded `result` of the reply.

        `params` is anything that the codec encodes to a JSON object or array, or `no_params`.
        The request is encoded before this returns; it is sent once the awaitable is awaited.
    */
    template <class R = value_type, class Params = NoParams>
    [[nodiscard]] boost::asio::awaitable<Result<R>> call(
        std::string_view method, const Params& params = no_params, CallOptions options = {}) {
        return async_call<R>(method, params, std::move(options), boost::asio::use_awaitable);
    }

    /** Sends a notification: no id, no result. Succeeds with any 2xx status. */
    template <class Params = NoParams>
    [[nodiscard]] boost::asio::awaitable<Result<void>> notify(
        std::string_view method, const Params& params = no_params, CallOptions options = {}) {
        return async_notify(method, params, std::move(options), boost::asio::use_awaitable);
    }

    /** `call` for any completion token; the handler's signature is `void(Result<R>)`. */
    template <class R = value_type, class Params, class Token>
    auto async_call(std::string_view method, const Params& params, Token&& token) {
        return async_call<R>(method, params, CallOptions{}, std::forward<Token>(token));
    }
    template <class R = value_type, class Params, class Token>
    auto async_call(
        std::string_view method, const Params& params, CallOptions options, Token&& token) {
        return start<R>(
            prepare(method, params, std::move(options), false), std::forward<Token>(token));
    }

    /** `notify` for any completion token; the handler's signature is `void(Result<void>)`. */
    template <class Params, class Token>
    auto async_notify(std::string_view method, const Params& params, Token&& token) {
        return async_notify(method, params, CallOptions{}, std::forward<Token>(token));
    }
    template <class Params, class Token>
    auto async_notify(
        std::string_view method, const Params& params, CallOptions options, Token&& token) {
        return start<void>(
            prepare(method, params, std::move(options), true), std::forward<Token>(token));
    }

    /// What `call_batch` takes; an empty one, of this client's codec.
    using Batch = BasicBatch<Codec>;
    Batch make_batch() const { return Batch{codec_, engine_->ids()}; }

    /** Sends several requests as one JSON-RPC batch, and yields an outcome for each call in it.

        Each result is decoded as an `R`. The batch as a whole is one call: it has one deadline, one
        cancellation, and fails as one where the exchange fails; see `BatchResult` for what may be
        wrong with one slot. It counts as idempotent if each of its methods does.

        The Clarify API knows no batches: a client made from `Credentials` refuses one with
        `Errc::bad_argument`, `Reason::batch`, before anything is sent. So is an empty one.
    */
    template <class R = value_type>
    [[nodiscard]] boost::asio::awaitable<Result<BatchResult<R>>> call_batch(
        Batch batch, CallOptions options = {}) {
        return async_call_batch<R>(
            std::move(batch), std::move(options), boost::asio::use_awaitable);
    }
    /// `call_batch` for any completion token; the handler's signature is
    /// `void(Result<BatchResult<R>>)`.
    template <class R = value_type, class Token>
    auto async_call_batch(Batch batch, CallOptions options, Token&& token) {
        return start<BatchResult<R>>(
            prepare_batch(std::move(batch), std::move(options)), std::forward<Token>(token));
    }
    template <class R = value_type, class Token>
    auto async_call_batch(Batch batch, Token&& token) {
        return async_call_batch<R>(std::move(batch), CallOptions{}, std::forward<Token>(token));
    }

    /// Ends all calls with `Errc::closed`, also future ones, and closes idle connections. Does not
    /// wait.
    void close() noexcept {
        if (engine_) engine_->shut_down();
    }

    /** Closes gracefully: new calls end with `Errc::closed` at once, those in flight have until
        `limit` from now to finish, token and repetitions included, and end with `Errc::closed` then.

        Does not wait; `drain` does. Idle connections are closed at once, the others as they come
        free. The client is closed as soon as its last call has ended. Of several limits the earliest
        counts, and `close()` ends the matter at once, as does destroying the client. Zero, or less,
        is like `close()`.
    */
    void close(std::chrono::milliseconds limit) {
        if (engine_) engine_->drain(limit, nullptr);
    }

    /** `close(limit)`, and waits until the last call has ended.

        @code
        clarify::Result<void> drained = co_await client.drain(std::chrono::seconds{5});
        if (!drained) log("some calls were given up");
        @endcode

        Nothing happens before it is awaited. It completes after the completion handlers of the calls
        have been handed to their executors, and no later than a moment after `limit`.

        @par Per-operation cancellation
        All three types end the wait, with `Errc::cancelled`; the client goes on closing.
        @par Errors
        `Errc::timeout` where calls had to be ended when the time was over, `Errc::closed` where
        `close()`, or the end of the client, came before that. Success where none had to.
    */
    [[nodiscard]] boost::asio::awaitable<Result<void>> drain(std::chrono::milliseconds limit) {
        return async_drain(limit, boost::asio::use_awaitable);
    }
    /// `drain` for any completion token; the handler's signature is `void(Result<void>)`.
    template <class Token>
    auto async_drain(std::chrono::milliseconds limit, Token&& token) {
        return detail::async_operation<Result<void>>(
            std::forward<Token>(token), InitiateDrain{}, engine_, limit);
    }

protected:
    /// Another one that makes calls of the same client, for as long as that is open, and whose end
    /// ends nothing.
    RpcClient share() const { return RpcClient{*this, Shared{}}; }
    const ClientOptions& options() const noexcept { return engine_->options(); }

private:
    struct Shared {};
    RpcClient(const RpcClient& other, Shared)
        : engine_(other.engine_), codec_(other.codec_), batches_(other.batches_), owner_(false) {}

    using Engine = detail::Engine<Backend, Auth>;
    template <class R, class Handler>
    class Call;
    template <class R>
    struct Initiate;
    template <class Handler>
    class Drain;
    struct InitiateDrain;

    static Backend make_backend(
        const ClientOptions& options) requires std::constructible_from<Backend, HttpOptions> {
        HttpOptions http = options.http;
        if (!http.observer) http.observer = options.observer;
        return Backend{std::move(http)};
    }

    static Codec make_codec([[maybe_unused]] const ClientOptions& options) {
        if constexpr (std::constructible_from<Codec, JsonCodecOptions>) {
            JsonCodecOptions json;
            json.max_parse_memory = options.max_json_memory;
            // What is less deep the client finds before it decodes; parameters keep their depth.
            json.max_depth = std::max(json.max_depth, options.max_json_depth);
            return Codec{json};
        } else {
            return Codec();
        }
    }

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
    bool batches_ = true;
    bool owner_ = true;
};

}  // namespace clarify

#include <clarify/impl/rpc_client.hpp>

#endif  // CLARIFY_RPC_CLIENT_HPP
